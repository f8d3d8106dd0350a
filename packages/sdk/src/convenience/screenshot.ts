import { ExecutionError } from '../errors.ts';

/** A picture of a screen. */
export interface Screenshot {
  /** A PNG file. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

// Larger than any screen that a box can have.
const mostBytes = 256 * 1024 * 1024;
const beginning = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
// The chunk that ends it, with its checksum.
const end = [0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];

/** Reads a PNG that a program in a box wrote; undefined when it is none, or not whole. */
export async function readScreenshot(stream: AsyncIterable<Uint8Array>): Promise<Screenshot | undefined> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const bytes of stream) {
    length += bytes.length;
    if (length > mostBytes) throw new ExecutionError(`the screenshot has more than ${mostBytes} bytes`);
    pieces.push(new Uint8Array(bytes));
  }
  const data = new Uint8Array(await new Blob(pieces).arrayBuffer());
  const has = (bytes: readonly number[], from: number): boolean => bytes.every((byte, at) => data[from + at] === byte);
  if (data.length < 32 || !has(beginning, 0) || !has(end, data.length - end.length)) return undefined;
  const header = new DataView(data.buffer);
  return { data, width: header.getUint32(16), height: header.getUint32(20) };
}
