import { filled, int, string, word } from './answer.ts';
import { maybe, object, type Schema } from './schema.ts';

/** What became of a box. */
export type BoxEventType = (typeof boxEventTypes)[number];

/** Every type of event. */
export const boxEventTypes = [
  'created',
  'started',
  'paused',
  'resumed',
  'stopping',
  'stopped',
  'failed',
  'unknown',
  'removed',
] as const;

/** The data of a `box` event. */
export interface BoxEvent {
  readonly type: BoxEventType;
  /** RFC 3339. */
  readonly at: string;
  readonly box_id: string;
  readonly name?: string | null | undefined;
  /** Of its main command, where that has ended since the last start. */
  readonly exit_code?: number | null | undefined;
  /** Why it is `failed`. */
  readonly error_message?: string | null | undefined;
}

/** Reads a change in the life of a box. */
export const boxEvent: Schema<BoxEvent> = object({
  type: word(boxEventTypes),
  at: string,
  box_id: filled,
  name: maybe(string),
  exit_code: maybe(int),
  error_message: maybe(string),
});

/** The data of an `open` or `reset` event. */
export interface EventMark {
  /** RFC 3339. */
  readonly at: string;
}

/** Reads an event that only says where the stream is. */
export const eventMark: Schema<EventMark> = object({ at: string });
