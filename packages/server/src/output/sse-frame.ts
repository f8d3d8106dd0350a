import { frameMemory } from './frame-memory.ts';
import type { OutputPiece } from './output-splitter.ts';

// Base64 is had as a text only: short ones stay in the processor's cache. A multiple of three.
const encodedAtOnce = 6144;
const dataEnd = '"}\n\n';

/** The comment that keeps an idle connection open. */
export const heartbeatFrame: Buffer = Buffer.from(': keep-alive\n\n');

interface Written {
  readonly head: string;
  readonly at: number;
  readonly length: number;
  readonly frame: Buffer;
}

// What a backend hands to many readers at once is written once for all of them, and kept no longer than it.
const written = new WeakMap<ArrayBufferLike, Written>();

/** A `stdout` or `stderr` event, for many: its buffer may be shared, as that of the data may be. */
export function sharedFrame(piece: OutputPiece): Buffer {
  const { data } = piece;
  const head = headOf(piece);
  const known = written.get(data.buffer);
  const at = data.byteOffset;
  if (known?.head === head && known.at === at && known.length === data.byteLength) return known.frame;
  const frame = Buffer.allocUnsafe(frameLength(head, data));
  write(frame, 0, head, data);
  written.set(data.buffer, { head, at, length: data.byteLength, frame });
  return frame;
}

/** `stdout` and `stderr` events for one reader, in memory that can be given back. */
export function outputFrames(pieces: readonly OutputPiece[]): Buffer {
  const heads = pieces.map(headOf);
  const length = pieces.reduce((sum, { data }, i) => sum + frameLength(heads[i] ?? '', data), 0);
  const frames = frameMemory(length);
  let at = 0;
  for (const [i, { data }] of pieces.entries()) at = write(frames, at, heads[i] ?? '', data);
  return frames;
}

/** Base64 in JSON follows. */
function headOf({ stream, reached }: OutputPiece): string {
  return `id: ${reached.stdout}.${reached.stderr}\nevent: ${stream}\ndata: {"data":"`;
}

function frameLength(head: string, data: Uint8Array): number {
  return head.length + Math.ceil(data.byteLength / 3) * 4 + dataEnd.length;
}

/** Where the frame ends. */
function write(frames: Buffer, start: number, head: string, data: Uint8Array): number {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  let at = start + frames.write(head, start, 'latin1');
  for (let from = 0; from < bytes.length; from += encodedAtOnce) {
    at += frames.write(bytes.toString('base64', from, from + encodedAtOnce), at, 'latin1');
  }
  return at + frames.write(dataEnd, at, 'latin1');
}

/** An `exit` or `error` event. */
export function jsonFrame(event: 'exit' | 'error', value: unknown): Buffer {
  return Buffer.from(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`);
}
