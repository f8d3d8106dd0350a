import { write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { ImageError } from 'boxlite/backend';

const writeAsync = promisify(write);

/** Files up to this many bytes are written at once: a thread for each would cost more than the write. */
const smallBytes = 256 * 1024;

/** Writes exactly `size` bytes; `ImageError` when the body has more or less. */
export async function writeContent(descriptor: number, body: AsyncIterable<Uint8Array>, size: number): Promise<void> {
  let written = 0;
  if (size > 0) {
    for await (const chunk of body) {
      written += chunk.length;
      if (written > size) break;
      for (let from = 0; from < chunk.length; ) {
        const count = chunk.length - from;
        from +=
          size <= smallBytes
            ? writeSync(descriptor, chunk, from, count)
            : (await writeAsync(descriptor, chunk, from, count)).bytesWritten;
      }
    }
  }
  if (written !== size) throw new ImageError(`a file has ${written} bytes where ${size} were announced`);
}
