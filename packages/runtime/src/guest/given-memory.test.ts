import { expect, test } from 'vitest';
import { giveBackMemory, kept, takeMemory } from './given-memory.ts';

const length = 252 * 1024;

test('memory that is to come back is used again, and what is kept of it is a copy', () => {
  const first = takeMemory(length, true).subarray(0, length).fill(1);
  const copy = kept(first);
  const second = takeMemory(length, true).subarray(0, length).fill(2);
  expect(second.buffer).toBe(first.buffer);
  expect(copy.equals(Buffer.alloc(length, 1))).toBe(true);
});

test('memory that does not wait belongs to whoever keeps it, and is never used again', () => {
  const piece = takeMemory(length, false).subarray(0, length);
  expect(kept(piece)).toBe(piece);
  giveBackMemory(piece);
  for (let i = 0; i < 20; i++) expect(takeMemory(length, i % 2 === 0).buffer).not.toBe(piece.buffer);
});
