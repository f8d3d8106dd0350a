import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { unzstd } from './zstd-frames.ts';

/** What a blob is packed with, told by its first bytes: media types are not always right. */
export type Compression = 'gzip' | 'zstd' | 'none';

/** Tells the compression by the first four bytes. */
export function compressionOf(start: Uint8Array): Compression {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip';
  if (start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd) return 'zstd';
  // A zstd:chunked layer may start with a skippable frame.
  if (((start[0] ?? 0) & 0xf0) === 0x50 && start[1] === 0x2a && start[2] === 0x4d && start[3] === 0x18) return 'zstd';
  return 'none';
}

/** The plain bytes of a gzip, zstd or plain stream. */
export async function* decompress(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  for (let length = 0; length < 4; ) {
    const next = await iterator.next();
    if (next.done === true) break;
    first.push(next.value);
    length += next.value.length;
  }
  const start = Buffer.concat(first);
  const whole = (async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      if (start.length > 0) yield start;
      yield* { [Symbol.asyncIterator]: () => iterator };
    } finally {
      await iterator.return?.();
    }
  })();
  const compression = compressionOf(start);
  if (compression === 'none') {
    yield* whole;
  } else if (compression === 'zstd') {
    yield* unzstd(whole);
  } else {
    const packed = Readable.from(whole, { objectMode: false });
    const output = createGunzip({ chunkSize: 256 * 1024 });
    packed.once('error', (error) => output.destroy(error));
    try {
      yield* packed.pipe(output);
    } finally {
      packed.destroy();
    }
  }
}
