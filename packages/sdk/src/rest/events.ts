import { boxEvent, eventMark, streamEvents } from '@boxlite/api';
import { events, StatusError } from '@boxlite/rest';
import type { EventsOptions, RuntimeEvent } from '../backend/events.ts';
import { NetworkError, UnsupportedError } from '../errors.ts';
import { type Connection, streamReconnects } from './connection.ts';

const schemas = { open: eventMark, box: boxEvent, reset: eventMark } as const;

/** What becomes of a server's boxes, over Server-Sent Events, resumed whenever the connection breaks or is ended. */
export async function* readEvents(
  connection: Connection,
  { after, box, signal }: EventsOptions = {},
): AsyncGenerator<RuntimeEvent, void, undefined> {
  const stream = events(connection.client, streamEvents(box === undefined ? {} : { box }), schemas, {
    ...connection.retries,
    reconnects: streamReconnects,
    signal,
    idleMs: connection.idleTimeoutMs,
    lastEventId: after,
    // No event is the last: a stream that ends is one that was cut.
    until: () => false,
  });
  let opened = false;
  try {
    for await (const { id, name, data } of stream) {
      if (id === undefined) throw new NetworkError("the server's events have no ids: none could be resumed after");
      // Every connection begins with one, but this is one stream.
      if (name === 'open' && opened) continue;
      opened = true;
      const at = new Date(data.at);
      if (name !== 'box') yield { type: name, id, at };
      else {
        const { type, box_id: boxId, name: boxName, exit_code: exitCode, error_message: errorMessage } = data;
        yield {
          ...{ type, id, at, boxId },
          boxName: boxName ?? undefined,
          exitCode: exitCode ?? undefined,
          errorMessage: errorMessage ?? undefined,
        };
      }
    }
  } catch (error) {
    if (error instanceof StatusError && error.status === 404)
      throw new UnsupportedError('this server tells no events; use a newer server, or list boxes', { cause: error });
    throw connection.failure(error);
  }
}
