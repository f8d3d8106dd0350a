import { TransportError } from '@boxlite/rest';
import { iterable } from '../iterable.ts';
import type { Connection } from './connection.ts';

/** The same bytes, with errors of the SDK where the connection breaks. */
export function withFailure(
  body: ReadableStream<Uint8Array> | null,
  connection: Connection,
): ReadableStream<Uint8Array> {
  return failing(body, (error) =>
    connection.failure(
      error instanceof TypeError
        ? new TransportError(`the download broke off: ${error.message}`, { cause: error })
        : error,
    ),
  );
}

/** The same bytes; what they fail with is what `failure` makes of it. */
export function failing(
  body: ReadableStream<Uint8Array> | null,
  failure: (error: unknown) => unknown,
): ReadableStream<Uint8Array> {
  const reader = body?.getReader();
  const bytes = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await reader?.read();
          if (next?.value) controller.enqueue(next.value);
          else controller.close();
        } catch (error) {
          throw await failure(error);
        }
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return iterable(bytes);
}
