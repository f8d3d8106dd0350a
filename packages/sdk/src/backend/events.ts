import type { CallOptions } from './backend.ts';

/** What became of a box. `resumed` is after a pause; `unknown` is as in {@link BoxStatus}. */
export type BoxEventType =
  | 'created'
  | 'started'
  | 'paused'
  | 'resumed'
  | 'stopping'
  | 'stopped'
  | 'failed'
  | 'unknown'
  | 'removed';

/** A change in the life of a box. */
export interface BoxEvent {
  /** What became of it. */
  readonly type: BoxEventType;
  /** Where the stream is after this event: what `after` takes. */
  readonly id: string;
  /** When it happened. */
  readonly at: Date;
  /** The box's id. */
  readonly boxId: string;
  /** The box's name, where it has one. */
  readonly boxName: string | undefined;
  /** Of its main command, where that has ended since the last start. */
  readonly exitCode: number | undefined;
  /** Why it is `failed`. */
  readonly errorMessage: string | undefined;
}

/** The first event, and no change: all later changes follow. */
export interface OpenEvent {
  /** Tells it from changes. */
  readonly type: 'open';
  /** Where the stream begins: what `after` takes. */
  readonly id: string;
  /** When the stream was opened. */
  readonly at: Date;
}

/** No change, but a gap: what lies between is no longer kept. List the boxes again, and go on from here. */
export interface ResetEvent {
  /** Tells it from changes. */
  readonly type: 'reset';
  /** Where the stream goes on: what `after` takes. */
  readonly id: string;
  /** When the gap was found. */
  readonly at: Date;
}

/** What `runtime.events` gives. */
export type RuntimeEvent = BoxEvent | OpenEvent | ResetEvent;

/** Which events to read. */
export interface EventsOptions extends CallOptions {
  /** The id of the last event that was seen, also by a former process. @default only what happens from now on */
  readonly after?: string | undefined;
  /** Only this box, by id or by name. @default every box */
  readonly box?: string | undefined;
}
