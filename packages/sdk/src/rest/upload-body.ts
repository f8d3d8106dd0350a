import { PayloadTooLargeError } from '../errors.ts';
import { inBrowser } from './in-browser.ts';
import { stoppable } from './stoppable.ts';

/** Sends a stream as the body of a request: as it comes, or from a browser at once, as a `Blob` of at most `most` bytes. */
export async function withBody<T>(
  source: ReadableStream<Uint8Array>,
  most: number,
  signal: AbortSignal | undefined,
  send: (body: ReadableStream<Uint8Array> | Blob) => Promise<T>,
): Promise<T> {
  // Browsers send streams over HTTP/2 alone, or send the words "[object ReadableStream]".
  if (inBrowser()) return send(await held(source, most, signal));
  const { stream, stop } = stoppable(source);
  try {
    return await send(stream);
  } finally {
    stop();
  }
}

async function held(source: ReadableStream<Uint8Array>, most: number, signal: AbortSignal | undefined): Promise<Blob> {
  const reader = source.getReader();
  const cancel = (): void => void reader.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    // Blobs, not bytes: a browser may keep those on its disk.
    const parts: Blob[] = [];
    let left = most;
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) return new Blob(parts);
      left -= value.length;
      if (left < 0) {
        throw new PayloadTooLargeError(
          `from a browser an upload is sent at once, and this one has more than ${most} bytes (uploadBufferBytes): send it in parts, or raise that`,
        );
      }
      parts.push(new Blob([new Uint8Array(value)]));
    }
  } catch (error) {
    await reader.cancel(error).catch(() => undefined);
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}
