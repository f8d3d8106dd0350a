import { expect, test } from 'vitest';
import { Holding } from './holding.ts';

function noting(notes: string[], name: string, error?: Error): Disposable {
  return {
    [Symbol.dispose]() {
      notes.push(name);
      if (error) throw error;
    },
  };
}

test('all is let go of once, the last first, and what throws keeps nothing', () => {
  const notes: string[] = [];
  const holding = new Holding();
  holding.use(noting(notes, 'first', new Error('no')));
  expect(holding.use(null)).toBe(null);
  holding.use(noting(notes, 'second'));
  expect(() => holding[Symbol.dispose]()).toThrow('no');
  holding[Symbol.dispose]();
  expect(notes).toEqual(['second', 'first']);
});

test('several failures are told together', () => {
  const holding = new Holding();
  for (const name of ['a', 'b']) holding.use(noting([], name, new Error(name)));
  expect(() => holding[Symbol.dispose]()).toThrow(AggregateError);
});

test('what was moved is let go of by its new holder alone', () => {
  const notes: string[] = [];
  const moved = ((): Holding => {
    using holding = new Holding();
    holding.use(noting(notes, 'one'));
    return holding.move();
  })();
  expect(notes).toEqual([]);
  moved[Symbol.dispose]();
  expect(notes).toEqual(['one']);
});
