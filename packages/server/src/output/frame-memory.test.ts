import { expect, test } from 'vitest';
import { frameMemory, giveBackFrame, lendAgain } from './frame-memory.ts';

test('memory that was given back is lent again, to one at a time', () => {
  const first = frameMemory(90_000);
  giveBackFrame(first);
  // A second time it is somebody else's.
  const second = frameMemory(80_000);
  expect(second.buffer).toBe(first.buffer);
  expect(second.length).toBe(80_000);
  const third = frameMemory(80_000);
  expect(third.buffer).not.toBe(first.buffer);
  giveBackFrame(second);
  giveBackFrame(second);
  const lent = new Set([frameMemory(80_000).buffer, frameMemory(80_000).buffer]);
  expect(lent.size).toBe(2);
  expect(lent.has(third.buffer)).toBe(false);
});

test('memory that several have is lent to somebody else once the last of them has given it back', () => {
  const shared = frameMemory(20_000);
  lendAgain(shared);
  lendAgain(shared);
  for (let holders = 3; holders > 0; holders--) {
    expect(frameMemory(20_000).buffer).not.toBe(shared.buffer);
    giveBackFrame(shared);
  }
  expect(frameMemory(20_000).buffer).toBe(shared.buffer);
});

test('memory of its own length is lent for what is short or very long, and other memory is not taken', () => {
  for (const length of [0, 100, 400_000]) {
    const memory = frameMemory(length);
    expect(memory.length).toBe(length);
    giveBackFrame(memory);
  }
  const foreign = Buffer.allocUnsafeSlow(96 * 1024);
  giveBackFrame(foreign);
  expect(frameMemory(80_000).buffer).not.toBe(foreign.buffer);
});

test('what is given back at once by many is let go of but for a few', () => {
  const lent = Array.from({ length: 40 }, () => frameMemory(90_000));
  for (const memory of lent) giveBackFrame(memory);
  const known = new Set(lent.map(({ buffer }) => buffer));
  const again = Array.from({ length: 40 }, () => frameMemory(90_000).buffer).filter((buffer) => known.has(buffer));
  expect(again.length).toBe(16);
});
