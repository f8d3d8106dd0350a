import { Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { type ByteSource, byteSource } from '../../tar/byte-source.ts';

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
const dictionaryBytes = [0, 1, 2, 4] as const;

/**
 * Decompresses zstd of any number of frames (RFC 8878). Node's own stream stops after the first frame, and zstd:chunked
 * layers have one for each file; so the frames are told apart here by their block headers.
 */
export async function* unzstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const source = byteSource(chunks);
  try {
    yield* readFrames(source);
  } finally {
    await source.close();
  }
}

async function* readFrames(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const magic = await source.take(4);
    if (magic.length === 0) return;
    if (magic.length < 4) throw cutShort();
    const number = u32(magic);
    if ((number & 0xfffffff0) >>> 0 === skippableMagic) {
      await skip(source, u32(await exactly(source, 4)));
    } else if (number === frameMagic) {
      const frame = Readable.from(readFrame(source, magic), { objectMode: false, highWaterMark: 1024 * 1024 });
      const output = createZstdDecompress({ chunkSize: 256 * 1024 });
      frame.once('error', (error) => output.destroy(error));
      try {
        yield* frame.pipe(output);
      } finally {
        frame.destroy();
      }
    } else {
      throw new Error('the zstd data is damaged: a frame has a wrong magic number');
    }
  }
}

async function* readFrame(source: ByteSource, magic: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield magic;
  const descriptor = await exactly(source, 1);
  yield descriptor;
  const bits = descriptor[0] ?? 0;
  const single = (bits & 0x20) !== 0;
  const sizeBytes = bits >> 6 === 0 ? (single ? 1 : 0) : 1 << (bits >> 6);
  const dictionary = dictionaryBytes[(bits & 3) as 0 | 1 | 2 | 3];
  const rest = (single ? 0 : 1) + dictionary + sizeBytes;
  if (rest > 0) yield exactly(source, rest);
  for (let last = false; !last; ) {
    const header = await exactly(source, 3);
    yield header;
    const word = (header[0] ?? 0) | ((header[1] ?? 0) << 8) | ((header[2] ?? 0) << 16);
    last = (word & 1) === 1;
    const runLength = ((word >> 1) & 3) === 1;
    for (let left = runLength ? 1 : word >> 3; left > 0; ) {
      const piece = await source.some(left);
      if (piece.length === 0) throw cutShort();
      left -= piece.length;
      yield piece;
    }
  }
  if (bits & 4) yield exactly(source, 4);
}

async function exactly(source: ByteSource, size: number): Promise<Uint8Array> {
  const bytes = await source.take(size);
  if (bytes.length < size) throw cutShort();
  return bytes;
}

async function skip(source: ByteSource, size: number): Promise<void> {
  for (let left = size; left > 0; ) {
    const piece = await source.some(left);
    if (piece.length === 0) throw cutShort();
    left -= piece.length;
  }
}

function u32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0, true);
}

function cutShort(): Error {
  return new Error('the zstd data is cut short');
}
