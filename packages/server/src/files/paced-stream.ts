import { HttpError } from '../http/http-error.ts';

/** How slow a client may be in sending what the server waits for. */
export interface Pace {
  /** Within how long, in milliseconds, `bytes` must have come. Only waiting for the client counts. @default 60_000 */
  readonly windowMs: number;
  readonly bytes: number;
}

/** 256 bytes a minute: more than somebody who only wants to hold a connection sends, less than any line is slow. */
export const defaultPace: Pace = { windowMs: 60_000, bytes: 256 };

/**
 * Passes a request's body on as it is asked for; 408 and the end of the source when the client is slower than the pace.
 * A consumer that takes nothing for long is no fault of the client.
 */
export function pacedStream(source: ReadableStream<Uint8Array>, pace: Pace = defaultPace): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let waitedMs = 0;
  let came = 0;

  async function next(): Promise<ReadableStreamReadResult<Uint8Array>> {
    const began = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const fail = (): void =>
        reject(
          new HttpError(
            408,
            'TimeoutError',
            `the body came slower than ${pace.bytes} bytes in ${pace.windowMs / 1000} s`,
          ),
        );
      timer = setTimeout(fail, Math.max(0, pace.windowMs - waitedMs));
    });
    try {
      return await Promise.race([reader.read(), late]);
    } finally {
      clearTimeout(timer);
      waitedMs += performance.now() - began;
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await next();
          if (done) return controller.close();
          came += value.byteLength;
          if (came >= pace.bytes) [came, waitedMs] = [0, 0];
          controller.enqueue(value);
        } catch (error) {
          controller.error(error);
          reader.cancel(error).catch(() => {});
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
