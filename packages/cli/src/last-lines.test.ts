import { expect, test } from 'vitest';
import { LastLines } from './last-lines.ts';

function last(count: number, pieces: readonly string[]): string {
  const lines = new LastLines(count);
  for (const piece of pieces) lines.add({ stream: 'stdout', data: Buffer.from(piece) });
  return lines
    .take()
    .map(({ data }) => Buffer.from(data).toString())
    .join('');
}

test('the last lines are the same however the output was cut into pieces', () => {
  const text = 'one\ntwo\n\nfour\nfive\n';
  for (let size = 1; size <= text.length; size++) {
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
      text.slice(i * size, (i + 1) * size),
    );
    expect(last(3, pieces)).toBe('\nfour\nfive\n');
    expect(last(1, pieces)).toBe('five\n');
    expect(last(0, pieces)).toBe('');
    expect(last(99, pieces)).toBe(text);
  }
});

test('a last line without its end is a line', () => {
  expect(last(2, ['one\ntw', 'o\nthr', 'ee'])).toBe('two\nthree');
  expect(last(1, ['one\n', 'rest'])).toBe('rest');
  expect(last(1, ['all'])).toBe('all');
  expect(last(3, [])).toBe('');
});

test('no more than 64 MiB are kept of what has no line ends', () => {
  const lines = new LastLines(5);
  for (let i = 0; i < 80; i++) lines.add({ stream: 'stdout', data: new Uint8Array(1024 * 1024) });
  expect(lines.take().length).toBeLessThanOrEqual(64);
});
