import fc from 'fast-check';
import { expect, test } from 'vitest';
import { giveBackFrame } from './frame-memory.ts';
import type { OutputPiece } from './output-splitter.ts';
import { sharedFrames } from './shared-frames.ts';
import { outputFrames } from './sse-frame.ts';

/** Pieces of so many bytes, each of which has a content of its own. */
function piecesOf(lengths: readonly number[]): OutputPiece[] {
  let at = 0;
  return lengths.map((length, i) => {
    at += length + (i % 4);
    const bytes = Buffer.alloc(length + (i % 4), `${i} `);
    const reached = { stdout: at, stderr: 0 };
    return { stream: 'stdout', held: bytes.subarray(0, i % 4), data: bytes.subarray(i % 4), reached };
  });
}

test('readers at about the same place get the very same frame, those of another execution do not', () => {
  const [piece] = piecesOf([16_384]);
  if (!piece) throw new Error('there is a piece');
  const one = sharedFrames();
  const frame = one.frame(piece);
  expect(one.frame(piece)).toBe(frame);
  giveBackFrame(frame);
  giveBackFrame(frame);
  // All have given it back, and the next is served from it all the same.
  expect(one.frame(piece)).toBe(frame);
  const other = sharedFrames().frame(piece);
  expect(other.buffer).not.toBe(frame.buffer);
  expect(other).toEqual(frame);
});

test('every reader gets every frame as it is, however far they drift apart and whenever they give back', () => {
  const reads = fc.array(fc.tuple(fc.nat(7), fc.nat(3)), { minLength: 200, maxLength: 1000 });
  const lengths = fc.array(fc.constantFrom(1, 100, 16_384, 65_533), { minLength: 100, maxLength: 100 });
  fc.assert(
    fc.property(reads, lengths, (turns, sizes) => {
      const pieces = piecesOf(sizes);
      const whole = pieces.map((piece) => Buffer.from(outputFrames([piece])));
      const frames = sharedFrames();
      const readers = Array.from({ length: 8 }, () => ({ at: 0, has: [] as { frame: Buffer; at: number }[] }));
      for (const [who, mostHeld] of turns) {
        const reader = readers[who];
        const piece = pieces[reader?.at ?? 0];
        if (!reader || !piece) continue;
        reader.has.push({ frame: frames.frame(piece), at: reader.at++ });
        while (reader.has.length > mostHeld) {
          const [{ frame, at } = { frame: Buffer.alloc(0), at: -1 }] = reader.has.splice(0, 1);
          // It is what it was when it was lent, whoever has got memory since.
          expect(whole[at]?.equals(frame)).toBe(true);
          giveBackFrame(frame);
        }
      }
      for (const { has } of readers) {
        for (const { frame, at } of has) {
          expect(whole[at]?.equals(frame)).toBe(true);
          giveBackFrame(frame);
        }
      }
    }),
    { numRuns: 30 },
  );
});
