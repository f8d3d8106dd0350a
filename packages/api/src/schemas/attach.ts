import * as z from 'zod';
import { flag, maybe, whole } from './field.ts';
import { type TerminalResize, terminalResize } from './terminal.ts';

/** Signals that an attached client may send; KILL is not among them: remove the execution instead. */
export const attachSignals: readonly number[] = [1, 2, 3, 6, 10, 12, 15, 28];

/** The text message that ends the command's input; saying it again is fine. */
export interface AttachStdinEof {
  readonly type: 'stdin_eof';
}

/** Checks the message. */
export const attachStdinEof: z.ZodType<AttachStdinEof> = z.object({ type: z.literal('stdin_eof') });

/** The text message that sends a signal. */
export interface AttachSignal {
  readonly type: 'signal';
  /** One of {@link attachSignals}. */
  readonly sig: number;
}

/** Checks the message. */
export const attachSignal: z.ZodType<AttachSignal> = z.object({
  type: z.literal('signal'),
  sig: whole('sig', 1, 28).refine(
    (sig) => attachSignals.includes(sig),
    `sig must be one of ${attachSignals.join(', ')}`,
  ),
});

/** What an attached client may say in text. */
export type AttachMessage = AttachStdinEof | TerminalResize | AttachSignal;

/** Checks what an attached client says. */
export const attachMessage: z.ZodType<AttachMessage> = z.union([attachStdinEof, terminalResize, attachSignal], {
  error({ input }) {
    const type: unknown = typeof input === 'object' && input !== null && 'type' in input ? input.type : undefined;
    // What the message that was meant says.
    const meant = { stdin_eof: attachStdinEof, resize: terminalResize, signal: attachSignal };
    const schema = Object.entries(meant).find(([name]) => name === type)?.[1];
    return schema?.safeParse(input).error?.issues[0]?.message ?? 'type must be stdin_eof, resize or signal';
  },
});

/** The last text message to an attached client. */
export interface AttachExit {
  readonly type: 'exit';
  /** -N after signal N. */
  readonly exit_code: number;
  /** The signal that ended the command, such as `SIGKILL`; this and the next are additions. */
  readonly signal?: string | null | undefined;
  /** True when the execution's own timeout ended it. */
  readonly timed_out?: boolean | null | undefined;
}

/** Reads the exit message. */
export const attachExit: z.ZodType<AttachExit> = z.object({
  type: z.literal('exit'),
  exit_code: z.int(),
  signal: maybe(z.string()),
  timed_out: maybe(flag('timed_out')),
});
