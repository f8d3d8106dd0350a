import { expect, test } from 'vitest';
import { turnEnd } from './turn-end.ts';

test('who waits in one turn goes on together, after all that the turn still had to do', async () => {
  const seen: string[] = [];
  const note = (what: string) => (): void => void seen.push(what);
  const first = turnEnd();
  void first.then(note('first'));
  process.nextTick(() => void Promise.resolve().then(note('looked at')));
  const second = turnEnd();
  void second.then(note('second'));
  await second;
  expect(second).toBe(first);
  expect(seen).toEqual(['looked at', 'first', 'second']);
  expect(turnEnd()).not.toBe(first);
  await turnEnd();
});
