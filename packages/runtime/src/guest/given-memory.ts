import { madeForReader } from '../execution/reader-memory.ts';
import { headerLength } from './frame-type.ts';

/** Memory for the longest piece of output that the guest sends, `OUTPUT_MAX` of guest/execution.h, and the header after it. */
const wholeLength: number = 252 * 1024 + headerLength;
const sparesMax = 8;

/** What came back. What a reader got never does: nobody knows how long it keeps that. */
const spares: ArrayBufferLike[] = [];

/** Memory for a piece of output of so many bytes and for the header of the next frame; nothing else lies in it. */
export function takeMemory(length: number): Buffer {
  const needed = length + headerLength;
  const whole = needed <= wholeLength && needed * 2 > wholeLength;
  const spare = whole ? spares.pop() : undefined;
  if (spare) return Buffer.from(spare, 0, needed);
  const made = whole ? wholeLength : needed;
  madeForReader(made);
  return Buffer.allocUnsafeSlow(made).subarray(0, needed);
}

/** Takes back the memory of a piece that nobody else has. */
export function giveBackMemory({ buffer }: Uint8Array): void {
  if (buffer.byteLength === wholeLength && spares.length < sparesMax) spares.push(buffer);
}
