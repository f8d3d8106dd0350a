import { ExecutionError } from '../errors.ts';

/** A picture of a screen. */
export interface Screenshot {
  /** A PNG file. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

// Larger than any screen that a box can have.
const mostBytes = 256 * 1024 * 1024;
const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Reads a PNG that a program in a box wrote; `ExecutionError` for anything else. */
export async function readScreenshot(stream: AsyncIterable<Uint8Array>): Promise<Screenshot> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const bytes of stream) {
    length += bytes.length;
    if (length > mostBytes) throw new ExecutionError(`the screenshot has more than ${mostBytes} bytes`);
    pieces.push(new Uint8Array(bytes));
  }
  const data = new Uint8Array(await new Blob(pieces).arrayBuffer());
  if (data.length < 24 || signature.some((byte, at) => data[at] !== byte)) {
    throw new ExecutionError('what came out of the box is no PNG');
  }
  const header = new DataView(data.buffer);
  return { data, width: header.getUint32(16), height: header.getUint32(20) };
}
