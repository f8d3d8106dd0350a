/** A stream that can be cut off from its source. */
export interface Stoppable {
  readonly stream: ReadableStream<Uint8Array>;
  /** Cancels the source; the stream ends. Nothing once all of it was read. */
  stop(): void;
}

/** fetch goes on reading the body of a request that was refused or aborted: only this ends it. Nothing is copied. */
export function stoppable(source: ReadableStream<Uint8Array>): Stoppable {
  const reader = source.getReader();
  const stop = (reason?: unknown): Promise<void> => reader.cancel(reason);
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: stop,
    },
    { highWaterMark: 0 },
  );
  return { stream, stop: () => void stop().catch(() => {}) };
}
