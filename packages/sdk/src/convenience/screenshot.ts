import { OutputTruncatedError } from '../errors.ts';
import type { ScreenSize } from './desktop.ts';

/** A picture of a screen. */
export interface Screenshot {
  /** A PNG file. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

const mostPixels = 8192;
const beginning = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
// The chunk that ends it, with its checksum.
const end = [0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];

/** What no PNG of a screen is longer than: its points without any compression, and as much again of a hundredth. */
function mostBytes({ width, height }: ScreenSize): number {
  const pixels = Math.min(width, mostPixels) * Math.min(height, mostPixels);
  return Math.ceil(pixels * 4 * 1.01) + 65_536;
}

/**
 * Reads a PNG that a program in a box wrote of a screen of that size; undefined when it is none, or not whole.
 * `OutputTruncatedError` when it is longer than any picture of it.
 */
export async function readScreenshot(
  stream: AsyncIterable<Uint8Array>,
  size: ScreenSize,
): Promise<Screenshot | undefined> {
  const most = mostBytes(size);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const bytes of stream) {
    length += bytes.length;
    if (length > most)
      throw new OutputTruncatedError(
        `the screenshot has more than ${most} bytes, which no picture of ${size.width} by ${size.height} has; look at what scrot is in this box`,
      );
    pieces.push(new Uint8Array(bytes));
  }
  const data = new Uint8Array(await new Blob(pieces).arrayBuffer());
  const has = (bytes: readonly number[], from: number): boolean => bytes.every((byte, at) => data[from + at] === byte);
  if (data.length < 32 || !has(beginning, 0) || !has(end, data.length - end.length)) return undefined;
  const header = new DataView(data.buffer);
  return { data, width: header.getUint32(16), height: header.getUint32(20) };
}
