import type { Endpoint } from '@boxlite/rest';
import type { StreamEventsQuery } from '../schemas/query.ts';

/** Parameters of {@link streamEvents}. */
export interface StreamEventsOptions extends StreamEventsQuery {
  /** Goes on after this event. @default from now on */
  readonly lastEventId?: string | undefined;
}

/** What becomes of boxes, as Server-Sent Events; see `boxEvent` and `eventMark`. Answers 200. */
export function streamEvents({ box, lastEventId }: StreamEventsOptions = {}): Endpoint {
  return {
    method: 'GET',
    path: '/events',
    params: { box },
    headers: { accept: 'text/event-stream', ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) },
  };
}
