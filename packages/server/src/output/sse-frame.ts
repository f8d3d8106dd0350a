import type { OutputPiece } from './output-splitter.ts';

const dataEnd = '"}\n\n';

/** The comment that keeps an idle connection open. */
export const heartbeatFrame: Buffer = Buffer.from(': keep-alive\n\n');

/** A `stdout` or `stderr` event: base64 in JSON. Written once into its buffer, since output may be gigabytes. */
export function outputFrame({ stream, data, reached }: OutputPiece): Buffer {
  const head = `id: ${reached.stdout}.${reached.stderr}\nevent: ${stream}\ndata: {"data":"`;
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
