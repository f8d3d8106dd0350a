import { madeForReader } from '../execution/reader-memory.ts';
import { outputHeaderLength } from './frame-type.ts';

/** Memory for the longest piece of output that the guest sends, `OUTPUT_MAX` of guest/execution.h, and the header after it. */
const wholeLength: number = 252 * 1024 + outputHeaderLength;
// As much as one execution's credit and the end of its log fill.
const sparesMax = 8;

const lasting = new WeakSet<ArrayBufferLike>();
const spares: ArrayBufferLike[] = [];

/**
 * Memory for a piece of output of so many bytes and for the header of the next frame; nothing else lies in it. One that will
 * wait for a while is to come back: V8 takes what has lived for a while for old, and lets go of it only after it has marked
 * its whole heap. A piece takes at most twice its length.
 */
export function takeMemory(length: number, waits: boolean): Buffer {
  const needed = length + outputHeaderLength;
  if (!waits || needed > wholeLength || needed * 2 < wholeLength) {
    madeForReader(needed);
    return Buffer.allocUnsafeSlow(needed);
  }
  const memory = spares.pop() ?? Buffer.allocUnsafeSlow(wholeLength).buffer;
  lasting.add(memory);
  return Buffer.from(memory, 0, needed);
}

/** The piece in memory that may be kept for ever: its own, or a copy where that is to come back. */
export function kept(piece: Buffer): Buffer {
  if (!lasting.has(piece.buffer)) return piece;
  const copy = Buffer.allocUnsafeSlow(piece.length);
  madeForReader(piece.length);
  piece.copy(copy);
  giveBackMemory(piece);
  return copy;
}

/** Takes back the memory of a piece that nobody else has. */
export function giveBackMemory({ buffer }: Uint8Array): void {
  if (lasting.has(buffer) && spares.length < sparesMax) spares.push(buffer);
}
