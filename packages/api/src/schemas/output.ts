import * as z from 'zod';
import { maybe } from './field.ts';

/** The data of a `stdout` or `stderr` event. */
export interface OutputEvent {
  /** Base64, standard alphabet, padded. */
  readonly data: string;
}

/** Reads a piece of output; decoding the base64 is the reader's. */
export const outputEvent: z.ZodType<OutputEvent> = z.object({ data: z.string() });

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
export const exitEvent: z.ZodType<ExitEvent> = z.object({
  exit_code: maybe(z.int()),
  duration_ms: maybe(z.number().nonnegative()),
  signal: maybe(z.string()),
  timed_out: maybe(z.boolean()),
  error: maybe(z.string()),
});
