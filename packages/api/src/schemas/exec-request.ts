import { flag, oneOf, seconds, text, texts, textsByName, userSpec, whole } from './field.ts';
import { object, optional, type Schema } from './schema.ts';

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
