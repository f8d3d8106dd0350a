import type { OutputPiece } from './output-splitter.ts';

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

/** A `stdout` or `stderr` event: base64 in JSON. Its buffer may be shared, as that of the data may be. */
export function outputFrame({ stream, data, reached }: OutputPiece): Buffer {
  const head = `id: ${reached.stdout}.${reached.stderr}\nevent: ${stream}\ndata: {"data":"`;
  const known = written.get(data.buffer);
  const at = data.byteOffset;
  if (known?.head === head && known.at === at && known.length === data.byteLength) return known.frame;
  const frame = encoded(head, data);
  written.set(data.buffer, { head, at, length: data.byteLength, frame });
  return frame;
}

/** Written once into its buffer, since output may be gigabytes. */
function encoded(head: string, data: Uint8Array): Buffer {
  const encodedLength = Math.ceil(data.byteLength / 3) * 4;
  const frame = Buffer.allocUnsafe(head.length + encodedLength + dataEnd.length);
  frame.write(head, 0, 'latin1');
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  frame.write(bytes.toString('base64'), head.length, 'latin1');
  frame.write(dataEnd, head.length + encodedLength, 'latin1');
  return frame;
}

/** An `exit` or `error` event. */
export function jsonFrame(event: 'exit' | 'error', value: unknown): Buffer {
  return Buffer.from(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`);
}
