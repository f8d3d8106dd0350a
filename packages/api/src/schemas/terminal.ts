import { int, literal, string } from './answer.ts';
import { whole } from './field.ts';
import { object, type Schema } from './schema.ts';

/** The text message by which a client resizes a WebSocket terminal. */
export interface TerminalResize {
  readonly type: 'resize';
  /** 1 to 65535. */
  readonly cols: number;
  /** 1 to 65535. */
  readonly rows: number;
}

/** Checks a resize message. */
export const terminalResize: Schema<TerminalResize> = object({
  type: literal('resize', 'type must be resize'),
  cols: whole('cols', 1, 65535),
  rows: whole('rows', 1, 65535),
});

/** The text message that something failed in a WebSocket terminal; it goes on unless the server closes it. */
export interface TerminalError {
  readonly type: 'error';
  readonly message: string;
}

/** Reads the error message. */
export const terminalError: Schema<TerminalError> = object({ type: literal('error'), message: string });

/** The last text message of a WebSocket terminal. */
export interface TerminalExit {
  readonly type: 'exit';
  readonly exit_code: number;
}

/** Reads the exit message. */
export const terminalExit: Schema<TerminalExit> = object({ type: literal('exit'), exit_code: int });
