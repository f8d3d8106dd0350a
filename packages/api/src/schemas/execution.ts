import * as z from 'zod';
import { flag, maybe, oneOf, seconds, text, texts, textsByName, userSpec, whole } from './field.ts';

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
export const outputSpec: z.ZodType<OutputSpec> = z.object(
  {
    policy: oneOf('output.policy', outputPolicies).optional(),
    limit_bytes: whole('output.limit_bytes', 1024).optional(),
  },
  'output must be an object',
);

/** Checks a command to start. */
export const execRequest: z.ZodType<ExecRequest> = z.object({
  command: text('command'),
  args: texts('args').optional(),
  env: textsByName('env').optional(),
  timeout_seconds: seconds('timeout_seconds', 0.1).optional(),
  working_dir: text('working_dir').optional(),
  user: userSpec('user').optional(),
  tty: flag('tty').optional(),
  cols: whole('cols', 1, 65535).optional(),
  rows: whole('rows', 1, 65535).optional(),
  output: outputSpec.optional(),
});

/** What names a started command. */
export interface ExecResponse {
  readonly execution_id: string;
}

/** Reads the answer to a started command. */
export const execResponse: z.ZodType<ExecResponse> = z.object({ execution_id: z.string().min(1) });

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
export const executionInfo: z.ZodType<ExecutionInfo> = z.object({
  execution_id: z.string().min(1),
  status: z.enum(executionStatuses),
  exit_code: maybe(z.int()),
  signal: maybe(z.string()),
  started_at: maybe(z.string()),
  duration_ms: maybe(z.number().nonnegative()),
  error_message: maybe(z.string()),
  stdout_bytes: maybe(z.int().nonnegative()),
  stderr_bytes: maybe(z.int().nonnegative()),
});

/** A page of executions, oldest first. */
export interface ListExecutionsResponse {
  readonly executions: readonly ExecutionInfo[];
  /** Absent or null on the last page. */
  readonly next_page_token?: string | null | undefined;
}

/** Reads a page of executions. */
export const listExecutionsResponse: z.ZodType<ListExecutionsResponse> = z.object({
  executions: z.array(executionInfo),
  next_page_token: maybe(z.string()),
});

/** A signal to send. */
export interface SignalRequest {
  /** Its Linux number, 1 to 64. */
  readonly signal: number;
}

/** Checks a signal to send. */
export const signalRequest: z.ZodType<SignalRequest> = z.object({ signal: whole('signal', 1, 64) });

/** A new size of a terminal. */
export interface ResizeRequest {
  /** 1 to 65535. */
  readonly cols: number;
  /** 1 to 65535. */
  readonly rows: number;
}

/** Checks a new size of a terminal. */
export const resizeRequest: z.ZodType<ResizeRequest> = z.object({
  cols: whole('cols', 1, 65535),
  rows: whole('rows', 1, 65535),
});
