import type { BoxEvent, EventMark } from '@boxlite/api';
import type { RuntimeEvent } from 'boxlite/backend';
import { silence, withinMs } from '../output/output-stream.ts';
import { heartbeatFrame } from '../output/sse-frame.ts';

/** How events are streamed. */
export interface EventStreamOptions {
  /** Silence after which a comment is sent. */
  readonly heartbeatMs: number;
  /** The stream is over once it aborts. */
  readonly draining: AbortSignal;
  /** Told of what broke the stream, which then breaks off. */
  readonly onError: (error: unknown) => void;
  /** Told once that the stream is over. */
  readonly onEnd: () => void;
}

/** The first event, which says that the others follow, and the rest. */
export interface OpenedEvents {
  readonly first: RuntimeEvent;
  readonly rest: AsyncIterator<RuntimeEvent>;
}

/** Events as Server-Sent Events, read only as fast as they are taken. `stop` ends the reading of `rest`. */
export function eventStream(
  { first, rest }: OpenedEvents,
  stop: AbortController,
  { heartbeatMs, draining, onError, onEnd }: EventStreamOptions,
): ReadableStream<Uint8Array> {
  let pending: Promise<IteratorResult<RuntimeEvent>> | undefined;
  const drain = (): void => stop.abort(new DOMException('the server is shutting down', 'AbortError'));
  let ended = false;
  // A client that goes away ends the reading, whose end ends the stream once more.
  const end = (): void => {
    if (ended) return;
    ended = true;
    draining.removeEventListener('abort', drain);
    stop.abort();
    rest.return?.()?.then(undefined, () => {});
    onEnd();
  };
  if (draining.aborted) drain();
  draining.addEventListener('abort', drain, { once: true });
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(eventFrame(first)),
      async pull(controller) {
        try {
          if (!pending) {
            pending = rest.next();
            // Nobody may be waiting when it rejects: a heartbeat went out, or the client went away.
            pending.catch(() => {});
          }
          const result = await withinMs(pending, heartbeatMs);
          if (result === silence) return controller.enqueue(heartbeatFrame);
          pending = undefined;
          if (!result.done) return controller.enqueue(eventFrame(result.value));
          end();
          controller.close();
        } catch (error) {
          const left = ended;
          end();
          if (left) return;
          if (draining.aborted) return controller.close();
          onError(error);
          controller.error(error);
        }
      },
      cancel: end,
    },
    { highWaterMark: 1 },
  );
}

function eventFrame(event: RuntimeEvent): Buffer {
  const name = event.type === 'open' || event.type === 'reset' ? event.type : 'box';
  return Buffer.from(`id: ${event.id}\nevent: ${name}\ndata: ${JSON.stringify(eventToWire(event))}\n\n`);
}

function eventToWire(event: RuntimeEvent): BoxEvent | EventMark {
  const at = event.at.toISOString();
  if (event.type === 'open' || event.type === 'reset') return { at };
  const { type, boxId, boxName, exitCode, errorMessage } = event;
  return {
    ...{ type, at, box_id: boxId },
    ...(boxName !== undefined && { name: boxName }),
    ...(exitCode !== undefined && { exit_code: exitCode }),
    ...(errorMessage !== undefined && { error_message: errorMessage }),
  };
}
