import { frameMemory } from './frame-memory.ts';
import type { OutputPiece } from './output-splitter.ts';

// Base64 is had as a text only: short ones stay in the processor's cache. A multiple of three.
const encodedAtOnce = 6144;
const dataEnd = '"}\n\n';

/** The comment that keeps an idle connection open. */
export const heartbeatFrame: Buffer = Buffer.from(': keep-alive\n\n');

/** `stdout` and `stderr` events, in memory that can be given back. */
export function outputFrames(pieces: readonly OutputPiece[]): Buffer {
  const heads = pieces.map(headOf);
  const length = pieces.reduce((sum, piece, i) => sum + frameLength(heads[i] ?? '', piece), 0);
  const frames = frameMemory(length);
  let at = 0;
  for (const [i, piece] of pieces.entries()) at = write(frames, at, heads[i] ?? '', piece);
  return frames;
}

/** What tells the event of a piece from all others of the same execution: where it ends, and how long it is. */
export function frameKey(piece: OutputPiece): string {
  return `${lengthOf(piece)} ${headOf(piece)}`;
}

/** Base64 in JSON follows. */
function headOf({ stream, reached }: OutputPiece): string {
  return `id: ${reached.stdout}.${reached.stderr}\nevent: ${stream}\ndata: {"data":"`;
}

function lengthOf({ held, data }: OutputPiece): number {
  return held.byteLength + data.byteLength;
}

function frameLength(head: string, piece: OutputPiece): number {
  return head.length + Math.ceil(lengthOf(piece) / 3) * 4 + dataEnd.length;
}

/** Where the frame ends. */
function write(frames: Buffer, start: number, head: string, { held, data }: OutputPiece): number {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  let at = start + frames.write(head, start, 'latin1');
  // Three bytes are four characters: what was held back is filled up to that.
  const first = held.byteLength === 0 ? 0 : Math.min(3 - held.byteLength, bytes.length);
  if (held.byteLength > 0) {
    const text = Buffer.concat([held, bytes.subarray(0, first)]).toString('base64');
    at += frames.write(text, at, 'latin1');
  }
  for (let from = first; from < bytes.length; from += encodedAtOnce) {
    at += frames.write(bytes.toString('base64', from, from + encodedAtOnce), at, 'latin1');
  }
  return at + frames.write(dataEnd, at, 'latin1');
}

/** An `exit` or `error` event. */
export function jsonFrame(event: 'exit' | 'error', value: unknown): Buffer {
  return Buffer.from(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`);
}
