import { type EventsOptions, InvalidArgumentError, type RuntimeEvent } from 'boxlite/backend';
import type { Notifier } from '../execution/notifier.ts';
import type { EventRecords } from './event-records.ts';

/** What reading events needs of a runtime. */
export interface EventSource {
  readonly events: EventRecords;
  /** Whose events. */
  readonly tenant: string;
  /** Told of every change of a box, and of the end of the runtime. */
  readonly changed: Notifier;
  /** `StoppedError` once the runtime is shut down. */
  readonly assertOpen: () => void;
}

/** The events of a store from a place on, without end; see `RuntimeBackend.events`. */
export async function* readEvents(
  source: EventSource,
  { after, box, signal }: EventsOptions,
): AsyncGenerator<RuntimeEvent, void, undefined> {
  const { events, tenant, changed, assertOpen } = source;
  signal?.throwIfAborted();
  assertOpen();
  const idOf = (sequence: number): string => `${events.history}.${sequence}`;
  const mark = (type: 'open' | 'reset', sequence: number): RuntimeEvent => ({
    type,
    id: idOf(sequence),
    at: new Date(),
  });
  const from = after === undefined ? events.newest(tenant) : placeOf(after, source);
  let at = from ?? events.newest(tenant);
  yield mark('open', at);
  if (from === undefined) yield mark('reset', at);
  for (;;) {
    signal?.throwIfAborted();
    assertOpen();
    const newest = events.newest(tenant);
    if (!events.reaches(tenant, at)) {
      // The reader took so long that what it did not take is gone.
      at = newest;
      yield mark('reset', at);
      continue;
    }
    const found = events.after(tenant, at, box);
    for (const { sequence, ...event } of found) {
      at = sequence;
      yield { ...event, id: idOf(sequence) };
    }
    if (found.length > 0) continue;
    at = newest;
    await changed.next(signal);
  }
}

/** The sequence of an id; undefined for one of another history, or of none that is known. */
function placeOf(id: string, { events, tenant }: EventSource): number | undefined {
  const [, history, digits] = /^([0-9a-f]{1,32})\.([0-9]{1,15})$/.exec(id) ?? [];
  if (digits === undefined) {
    throw new InvalidArgumentError(
      `after must be the id of an event, such as 9f2c64d1a07be853.41; got ${JSON.stringify(id.slice(0, 100))}`,
    );
  }
  const sequence = Number(digits);
  const known = history === events.history && sequence <= events.newest(tenant) && events.reaches(tenant, sequence);
  return known ? sequence : undefined;
}
