import { amount, bool, int, string } from './answer.ts';
import { maybe, object, type Schema } from './schema.ts';

/** The data of a `stdout` or `stderr` event. */
export interface OutputEvent {
  /** Base64, standard alphabet, padded. */
  readonly data: string;
}

/** Reads a piece of output; decoding the base64 is the reader's. */
export const outputEvent: Schema<OutputEvent> = object({ data: string });

/** The data of the `exit` event. */
export interface ExitEvent {
  /** Null when nobody knows it; 128 + N after signal N. */
  readonly exit_code?: number | null | undefined;
  readonly duration_ms?: number | null | undefined;
  /** The signal that ended the command, such as `SIGKILL`. */
  readonly signal?: string | null | undefined;
  /** True when the execution's own timeout ended it. @default false */
  readonly timed_out?: boolean | null | undefined;
  /** What went wrong, when it was not the command itself. */
  readonly error?: string | null | undefined;
}

/** Reads the end of an execution. */
export const exitEvent: Schema<ExitEvent> = object({
  exit_code: maybe(int),
  duration_ms: maybe(amount),
  signal: maybe(string),
  timed_out: maybe(bool),
  error: maybe(string),
});
