import type { OutputChunk } from './backend/backend.ts';
import { iterable } from './iterable.ts';

/** One stream of an execution as bytes: nothing is asked for before it is read, and no more than is read. `over` is told its end. */
export function outputStream(
  stream: OutputChunk['stream'],
  open: (signal: AbortSignal) => AsyncIterable<OutputChunk>,
  over: () => void = () => undefined,
): ReadableStream<Uint8Array> {
  const abort = new AbortController();
  let chunks: AsyncIterator<OutputChunk> | undefined;
  const bytes = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        chunks ??= open(abort.signal)[Symbol.asyncIterator]();
        for (;;) {
          const next = await chunks.next();
          if (next.done) {
            over();
            return controller.close();
          }
          if (next.value.stream === stream && next.value.data.length > 0) return controller.enqueue(next.value.data);
        }
      },
      async cancel(reason) {
        over();
        abort.abort(reason);
        await chunks?.return?.().catch(() => undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return iterable(bytes);
}
