import { amount, count, filled, int, string, word } from './answer.ts';
import { list, maybe, object, type Schema } from './schema.ts';

/** What names a started command. */
export interface ExecResponse {
  readonly execution_id: string;
}

/** Reads the answer to a started command. */
export const execResponse: Schema<ExecResponse> = object({ execution_id: filled });

/** How far an execution has come. */
export const executionStatuses = ['running', 'completed', 'killed', 'timed_out', 'lost'] as const;

/** One of {@link executionStatuses}. */
export type ExecutionStatus = (typeof executionStatuses)[number];

/** An execution as it was when asked. */
export interface ExecutionInfo {
  readonly execution_id: string;
  /** The program and its arguments, up to 1,024 characters in all; what is longer ends in `…`. An addition. */
  readonly command?: readonly string[] | null | undefined;
  readonly status: ExecutionStatus;
  /** Absent or null while it runs and when nobody knows it; 128 + N after signal N. */
  readonly exit_code?: number | null | undefined;
  /** The signal that ended it, such as `SIGKILL`. */
  readonly signal?: string | null | undefined;
  /** RFC 3339, UTC. */
  readonly started_at?: string | null | undefined;
  readonly duration_ms?: number | null | undefined;
  readonly error_message?: string | null | undefined;
  /** Bytes written so far; this and the next are additions. */
  readonly stdout_bytes?: number | null | undefined;
  readonly stderr_bytes?: number | null | undefined;
}

/** Reads an execution. */
export const executionInfo: Schema<ExecutionInfo> = object({
  execution_id: filled,
  command: maybe(list(string)),
  status: word(executionStatuses),
  exit_code: maybe(int),
  signal: maybe(string),
  started_at: maybe(string),
  duration_ms: maybe(amount),
  error_message: maybe(string),
  stdout_bytes: maybe(count),
  stderr_bytes: maybe(count),
});

/** A page of executions, oldest first. */
export interface ListExecutionsResponse {
  readonly executions: readonly ExecutionInfo[];
  /** Absent or null on the last page. */
  readonly next_page_token?: string | null | undefined;
}

/** Reads a page of executions. */
export const listExecutionsResponse: Schema<ListExecutionsResponse> = object({
  executions: list(executionInfo),
  next_page_token: maybe(string),
});
