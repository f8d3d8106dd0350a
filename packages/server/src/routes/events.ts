import { streamEventsQuery } from '@boxlite/api';
import { eventStream } from '../events/event-stream.ts';
import { HttpError } from '../http/http-error.ts';
import { eventSource } from '../http/respond.ts';
import { readQuery } from '../http/validated.ts';
import type { ServerMetrics } from '../site/metrics.ts';
import type { Routes } from './route.ts';

/** What streams of events need of the server. */
export interface EventRouteOptions {
  readonly heartbeatMs: number;
  /** Aborts when the server shuts down. */
  readonly draining: AbortSignal;
  readonly onStreamError: (error: unknown, requestId: string) => void;
  readonly metrics: Pick<ServerMetrics, 'stream'>;
}

/** What becomes of boxes. */
export function eventRoutes(options: EventRouteOptions): Routes<'streamEvents'> {
  const { heartbeatMs, draining, onStreamError, metrics } = options;
  return {
    async streamEvents({ request, backend, requestId }) {
      const { box } = readQuery(request, streamEventsQuery);
      const after = request.headers.get('last-event-id') || undefined;
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, request.signal]);
      const rest = backend.events({ after, box, signal })[Symbol.asyncIterator]();
      // The first event comes at once; what is wrong with the request is an answer, not a broken stream.
      const opened = await rest.next();
      if (opened.done) throw new HttpError(503, 'StoppedError', 'the server is shutting down');
      const body = eventStream({ first: opened.value, rest }, stop, {
        heartbeatMs,
        draining,
        // A client that goes away is no error.
        onError: (error) => request.signal.aborted || onStreamError(error, requestId),
        onEnd: metrics.stream(),
      });
      return eventSource(body);
    },
  };
}
