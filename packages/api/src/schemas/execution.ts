import { amount, count, filled, int, string, word } from './answer.ts';
import { flag, oneOf, seconds, text, texts, textsByName, userSpec, whole } from './field.ts';
import { list, maybe, object, optional, type Schema } from './schema.ts';

/** A command to start. */
export interface ExecRequest {
  readonly command: string;
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** TERM, then KILL, to the whole process tree. At least 0.1. */
  readonly timeout_seconds?: number | undefined;
  readonly working_dir?: string | undefined;
  /** `<name or uid>[:<group or gid>]`; the box's user unless given. */
  readonly user?: string | undefined;
  /** Runs the command on a terminal: stdout and stderr are one stream, stdout. @default false */
  readonly tty?: boolean | undefined;
  /** Columns of the terminal, 1 to 65535. @default 80 */
  readonly cols?: number | undefined;
  /** Rows of the terminal, 1 to 65535. @default 24 */
  readonly rows?: number | undefined;
  /** What becomes of output that is more than is kept. */
  readonly output?: OutputSpec | undefined;
}

/** What becomes of a command's output when there is too much of it. */
export interface OutputSpec {
  /** `truncate` drops what is too much, `block` lets the command wait for readers. @default 'truncate' */
  readonly policy?: OutputPolicy | undefined;
  /** Bytes kept, or bytes that nobody has read yet; at least 1024. */
  readonly limit_bytes?: number | undefined;
}

/** What may become of it. */
export const outputPolicies = ['truncate', 'block'] as const;

/** One of {@link outputPolicies}. */
export type OutputPolicy = (typeof outputPolicies)[number];

/** Checks what shall become of a command's output. */
export const outputSpec: Schema<OutputSpec> = object(
  {
    policy: optional(oneOf('output.policy', outputPolicies)),
    limit_bytes: optional(whole('output.limit_bytes', 1024)),
  },
  'output must be an object',
);

/** Checks a command to start. */
export const execRequest: Schema<ExecRequest> = object({
  command: text('command'),
  args: optional(texts('args')),
  env: optional(textsByName('env')),
  timeout_seconds: optional(seconds('timeout_seconds', 0.1)),
  working_dir: optional(text('working_dir')),
  user: optional(userSpec('user')),
  tty: optional(flag('tty')),
  cols: optional(whole('cols', 1, 65535)),
  rows: optional(whole('rows', 1, 65535)),
  output: optional(outputSpec),
});

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

/** A signal to send. */
export interface SignalRequest {
  /** Its Linux number, 1 to 64. */
  readonly signal: number;
}

/** Checks a signal to send. */
export const signalRequest: Schema<SignalRequest> = object({ signal: whole('signal', 1, 64) });

/** A new size of a terminal. */
export interface ResizeRequest {
  /** 1 to 65535. */
  readonly cols: number;
  /** 1 to 65535. */
  readonly rows: number;
}

/** Checks a new size of a terminal. */
export const resizeRequest: Schema<ResizeRequest> = object({
  cols: whole('cols', 1, 65535),
  rows: whole('rows', 1, 65535),
});
