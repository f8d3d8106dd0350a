import { int, literal, string } from './answer.ts';
import { flag, whole } from './field.ts';
import { checked, chosen, maybe, object, refused, type Schema } from './schema.ts';
import { type TerminalResize, terminalResize } from './terminal.ts';

/** Signals that an attached client may send; KILL is not among them: remove the execution instead. */
export const attachSignals: readonly number[] = [1, 2, 3, 6, 10, 12, 15, 28];

/** The text message that ends the command's input; saying it again is fine. */
export interface AttachStdinEof {
  readonly type: 'stdin_eof';
}

/** Checks the message. */
export const attachStdinEof: Schema<AttachStdinEof> = object({ type: literal('stdin_eof') });

/** The text message that sends a signal. */
export interface AttachSignal {
  readonly type: 'signal';
  /** One of {@link attachSignals}. */
  readonly sig: number;
}

/** Checks the message. */
export const attachSignal: Schema<AttachSignal> = object({
  type: literal('signal'),
  sig: checked(
    whole('sig', 1, 28),
    (sig) => attachSignals.includes(sig),
    `sig must be one of ${attachSignals.join(', ')}`,
  ),
});

/** What an attached client may say in text. */
export type AttachMessage = AttachStdinEof | TerminalResize | AttachSignal;

/** Checks what an attached client says. */
export const attachMessage: Schema<AttachMessage> = chosen<AttachMessage>((message) => {
  switch (Object(message).type) {
    case 'stdin_eof':
      return attachStdinEof;
    case 'resize':
      return terminalResize;
    case 'signal':
      return attachSignal;
    default:
      return refused('type must be stdin_eof, resize or signal');
  }
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
export const attachExit: Schema<AttachExit> = object({
  type: literal('exit'),
  exit_code: int,
  signal: maybe(string),
  timed_out: maybe(flag('timed_out')),
});
