import { ImageError } from 'boxlite/backend';

/** What one layer may cost to unpack. */
export interface LayerLimits {
  /** Bytes of the uncompressed layer. @default 64 GiB */
  readonly maxBytes: number;
  /** @default 2,000,000 */
  readonly maxEntries: number;
  /** How many times its compressed size a layer may grow to, above `freeBytes`. @default 200 */
  readonly maxRatio: number;
  /** Uncompressed bytes below which the ratio is not looked at. @default 1 GiB */
  readonly freeBytes: number;
}

/** The limits where none are given. */
export const defaultLayerLimits: LayerLimits = {
  maxBytes: 64 * 1024 ** 3,
  maxEntries: 2_000_000,
  maxRatio: 200,
  freeBytes: 1024 ** 3,
};

/** Throws `ImageError` once a layer has grown beyond the limits. */
export function checkGrowth(what: string, bytes: number, compressedBytes: number, limits: LayerLimits): void {
  if (bytes > limits.maxBytes) {
    throw new ImageError(
      `${what} unpacks to more than ${limits.maxBytes} bytes, which is the limit; use a smaller image`,
    );
  }
  if (bytes > limits.freeBytes && bytes > compressedBytes * limits.maxRatio) {
    throw new ImageError(
      `${what} unpacks to more than ${limits.maxRatio} times its size, as decompression bombs do; nothing was kept`,
    );
  }
}
