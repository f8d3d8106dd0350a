import { InvalidArgumentError } from '../errors.ts';
import { blockSize, paddingAfter, type TarHeader } from './entry.ts';
import { encodeHeader } from './header.ts';

/** An entry to pack; `content` gives exactly `header.size` bytes. */
export interface TarEntry {
  readonly header: TarHeader;
  readonly content?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Packs entries into a tar stream, one at a time and only as fast as it is read, so memory stays flat. */
export function packTar(entries: AsyncIterable<TarEntry> | Iterable<TarEntry>): ReadableStream<Uint8Array> {
  const bytes = packBytes(entries);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await bytes.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await bytes.return();
      },
    },
    { highWaterMark: 0 },
  );
}

async function* packBytes(
  entries: AsyncIterable<TarEntry> | Iterable<TarEntry>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { header, content } of entries) {
    for (const block of encodeHeader(header)) yield block;
    let left = header.size;
    for await (const chunk of content ?? []) {
      left -= chunk.length;
      if (left < 0) break;
      if (chunk.length > 0) yield chunk;
    }
    if (left !== 0) {
      throw new InvalidArgumentError(
        `${header.name} changed while it was read: its size was ${header.size}; try again`,
      );
    }
    const padding = paddingAfter(header.size);
    if (padding > 0) yield new Uint8Array(padding);
  }
  yield new Uint8Array(2 * blockSize);
}
