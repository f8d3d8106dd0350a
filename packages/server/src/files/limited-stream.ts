import { PayloadTooLargeError } from 'boxlite/backend';

/** A stream that fails once more than the limit has passed. */
export interface LimitedStream {
  readonly stream: ReadableStream<Uint8Array>;
  /** The failure, once there was one: whoever reads the stream may hide it. */
  failure(): unknown;
}

/** Passes a stream on and counts its bytes; `PayloadTooLargeError` above the limit, and the source is cancelled. */
export function limitedStream(
  source: ReadableStream<Uint8Array>,
  limitBytes: number,
  what = 'the archive',
): LimitedStream {
  const reader = source.getReader();
  let passed = 0;
  let failure: unknown;
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            controller.close();
            return;
          }
          passed += value.byteLength;
          if (passed > limitBytes) throw tooLarge(limitBytes, what);
          controller.enqueue(value);
        } catch (error) {
          failure = error;
          controller.error(error);
          reader.cancel(error).catch(() => {});
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return { stream, failure: () => failure };
}

/** The refusal of an archive or a file above the limit. */
export function tooLarge(limitBytes: number, what = 'the archive'): PayloadTooLargeError {
  return new PayloadTooLargeError(`${what} is larger than ${limitBytes} bytes (capabilities.file_transfer_max_bytes)`);
}
