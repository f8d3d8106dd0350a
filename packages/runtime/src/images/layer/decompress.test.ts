import { randomBytes } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { decompress } from './decompress.ts';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function plain(bytes: Uint8Array, size: number): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(decompress(pieces(bytes, size))));
}

const noise = randomBytes(300_000);
const zeros = Buffer.alloc(400_000);
const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

test.each([
  ['plain', noise, noise],
  ['a plain stream of two bytes', Buffer.from('ab'), Buffer.from('ab')],
  ['nothing', Buffer.alloc(0), Buffer.alloc(0)],
  ['gzip', gzipSync(noise), noise],
  ['gzip of two members', Buffer.concat([gzipSync(noise), gzipSync(zeros)]), Buffer.concat([noise, zeros])],
  ['zstd', zstdCompressSync(noise), noise],
  [
    'zstd of several frames and a skippable one',
    Buffer.concat([skippable, zstdCompressSync(zeros), skippable, zstdCompressSync(noise), zstdCompressSync('end')]),
    Buffer.concat([zeros, noise, Buffer.from('end')]),
  ],
])('%s is decompressed, however the stream is cut', async (_name, packed, expected) => {
  for (const size of [1 + (packed.length >> 5), 65_536, 1 << 20])
    expect((await plain(packed, size)).equals(expected)).toBe(true);
});

test('a compressed stream that is cut short or damaged is an error', async () => {
  for (const packed of [gzipSync(noise), zstdCompressSync(noise)]) {
    await expect(plain(packed.subarray(0, -10), 1000)).rejects.toThrow();
    await expect(plain(Buffer.concat([packed.subarray(0, 50), Buffer.alloc(2000, 0xee)]), 1000)).rejects.toThrow();
  }
});

test('a source that fails fails the stream', async () => {
  for (const packed of [gzipSync(noise), zstdCompressSync(noise), noise]) {
    const broken = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      yield packed.subarray(0, 1000);
      throw new Error('broken source');
    };
    await expect(Array.fromAsync(decompress(broken()))).rejects.toThrow('broken source');
  }
});

test('leaving the stream early lets go of the source', async () => {
  for (const packed of [gzipSync(noise), zstdCompressSync(noise), noise]) {
    let released = false;
    const source = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        yield* pieces(packed, 10_000);
      } finally {
        released = true;
      }
    };
    for await (const _ of decompress(source())) break;
    await expect.poll(() => released).toBe(true);
  }
});
