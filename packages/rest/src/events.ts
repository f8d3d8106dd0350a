import { attached, pause } from './abort.ts';
import type { Client } from './client.ts';
import { withHeaders } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import { brokenOff, mismatch, StatusError, TransportError } from './errors.ts';
import { type EventDecoder, type EventMessage, eventDecoder } from './event-decoder.ts';
import { type EventOf, type EventSchemas, schemaFor } from './event-schemas.ts';
import { exchange, parse, parseJson } from './exchange.ts';
import type { SendOptions } from './query.ts';
import { type BackoffOptions, backoff, isTransient } from './retrying.ts';

/** Options of `events`. */
export interface EventsOptions<in E = never> extends SendOptions, BackoffOptions {
  /** Where to go on: the id of the last event that was seen. @default none: from what the server sends first */
  readonly lastEventId?: string | undefined;
  /** Tells the event after which the stream may end; a body that ends without one was lost. @default any end is one */
  readonly until?: ((event: E) => boolean) | undefined;
  /** How long the server may send nothing, not even a comment, before the connection counts as lost; 0 is forever. @default forever */
  readonly idleMs?: number | undefined;
  /** How often in a row to connect again with no new last id, nor a connection that was heard for over `maxMs`, in between. @default 5 */
  readonly reconnects?: number | undefined;
  /** Decodes what it knows faster than the decoder that it gets, and leaves all else to that one. @default that one alone */
  readonly decoder?: ((plain: EventDecoder) => EventDecoder) | undefined;
}

/**
 * Reads Server-Sent Events; leaving the loop closes the connection, an abort throws its reason.
 * A lost connection of a GET is resumed after the last id; events without ids cannot be, and end in a TransportError.
 */
export async function* events<const S extends EventSchemas>(
  client: Client,
  endpoint: Endpoint,
  schemas: S,
  options: EventsOptions<EventOf<S>> = {},
): AsyncGenerator<EventOf<S>, void, undefined> {
  const { signal, until, idleMs, reconnects = 5, maxMs = 30_000, sleep = pause, decoder = (plain) => plain } = options;
  let lastId = options.lastEventId;
  let retryMs = 0;
  let failures = 0;
  // What the stream has done so far: answered, and when last; given an event, borne an id, given its last event.
  let opened = 0;
  let given = false;
  let numbered = false;
  let ended = false;

  // The time runs only while waiting for the server: a slow reader must not look like a silent connection.
  function heard<T>(what: Promise<T>, fail: (silence: TransportError) => void): Promise<T> {
    const timer = idleMs && setTimeout(() => fail(new TransportError(`silent for ${idleMs} ms`)), idleMs);
    return what.finally(() => clearTimeout(timer));
  }

  async function* connection(own: AbortSignal): AsyncGenerator<EventMessage, void, undefined> {
    const headers = { accept: 'text/event-stream', ...(lastId && { 'last-event-id': byteString(lastId) }) };
    const response = await attached(signal, () => {
      const { promise, reject } = Promise.withResolvers<never>();
      return heard(Promise.race([exchange(client, withHeaders(endpoint, headers), own), promise]), reject);
    });
    opened = Date.now();
    // 204 is how a server says that there is nothing more (HTML standard, 9.2).
    ended ||= response.status === 204;
    if (!ended && !isEventStream(response))
      throw mismatch(`not an event stream: ${response.headers.get('content-type')}`);
    const decode = decoder(
      eventDecoder((ms) => {
        retryMs = ms;
      }, mismatch),
    );
    const reader = response.body?.getReader();
    let silence: TransportError | undefined;
    // Not every transport heeds the signal once the response is there: a body that is cancelled ends at once.
    const leave = (): void => void reader?.cancel().catch(() => {});
    signal?.addEventListener('abort', leave);
    try {
      while (reader) {
        signal?.throwIfAborted();
        const { value, done } = await heard(reader.read(), (error) => {
          silence = error;
          leave();
        }).catch((cause: unknown) => {
          throw brokenOff(cause);
        });
        signal?.throwIfAborted();
        if (silence) throw silence;
        if (done) return;
        // Silent, but there for long: what cuts such a connection is something between, which has a limit of its own.
        if (Date.now() - opened > maxMs) failures = 0;
        yield* decode(value);
      }
    } finally {
      signal?.removeEventListener('abort', leave);
      leave();
    }
  }

  for (;;) {
    const own = new AbortController();
    const from = lastId;
    try {
      for await (const message of connection(own.signal)) {
        lastId = message.id ?? lastId;
        if (message.id !== undefined) numbered = message.id !== '';
        const name = message.event || 'message';
        const schema = schemaFor(schemas, name);
        if (!schema) continue;
        const event = {
          id: message.id,
          name,
          data: await parse(schema, message.value ?? parseJson(message.data)),
        } as EventOf<S>;
        given = true;
        ended ||= until?.(event) ?? false;
        yield event;
      }
      if (ended || !until) return;
      throw brokenOff('no last event');
    } catch (error) {
      const passing = error instanceof TransportError || (error instanceof StatusError && isTransient(error.status));
      if (passing && ended) return;
      // A server that begins anew each time, whatever it is asked for, would do so for ever.
      if (lastId !== from) failures = 0;
      const resumable = endpoint.method === 'GET' && opened && (numbered || !given);
      if (!passing || !resumable || failures++ >= reconnects) throw error;
    } finally {
      own.abort();
    }
    await sleep(Math.min(maxMs, Math.max(retryMs, backoff(failures, { ...options, maxMs }))), signal);
  }
}

/** Whether a response says that it is Server-Sent Events. */
export function isEventStream({ headers }: Response): boolean {
  return /^text\/event-stream\s*(;|$)/i.test(headers.get('content-type') ?? '');
}

/** A header value holds bytes: an id goes as UTF-8 (HTML standard, 9.2). */
function byteString(id: string): string {
  return String.fromCharCode(...new TextEncoder().encode(id));
}
