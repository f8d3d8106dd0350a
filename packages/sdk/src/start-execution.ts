import { checkFlag, checkMs, checkRecord, checkText, checkTexts, checkUser, checkWhole, refuse } from './argument.ts';
import type { ExecOptions, OutputOptions } from './backend/box-options.ts';
import { ExecutionError } from './errors.ts';
import { checkSize } from './terminal-size.ts';

/** What is fed to a command's stdin, which is then closed. */
export type StdinSource = string | Uint8Array | ReadableStream<Uint8Array>;

/** Options of `box.exec` and `box.run`. */
export interface StartExecutionOptions extends Omit<ExecOptions, 'command' | 'args'> {
  /**
   * Fed to the command, then stdin is closed. Without it, `exec` leaves stdin open and `run` closes it at once.
   * @default none
   */
  readonly stdin?: StdinSource | undefined;
  /** Aborting kills the command. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** Checks a command and its options; gives what a backend takes. */
export function execOptions(
  command: string,
  args: readonly string[] | undefined,
  options: StartExecutionOptions,
): ExecOptions {
  checkText('command', command);
  checkTexts('args', args);
  const { stdin, signal: _signal, ...rest } = options;
  checkRecord('env', rest.env);
  if (rest.workingDir !== undefined) checkText('workingDir', rest.workingDir);
  checkUser('user', rest.user);
  checkFlag('tty', rest.tty);
  if (rest.size !== undefined) checkSize(rest.size);
  checkMs('timeoutMs', rest.timeoutMs, 100);
  if (rest.output !== undefined) checkOutput(rest.output);
  const bytes = typeof stdin === 'string' || stdin instanceof Uint8Array || stdin instanceof ReadableStream;
  if (stdin !== undefined && !bytes) refuse('stdin', 'text, bytes or a ReadableStream of bytes', stdin);
  return { ...rest, command, ...(args !== undefined && { args }) };
}

function checkOutput({ policy, limitBytes }: OutputOptions): void {
  if (policy !== undefined && policy !== 'truncate' && policy !== 'block') {
    refuse('output.policy', 'truncate or block', policy);
  }
  checkWhole('output.limitBytes', limitBytes, 1024);
}

/** The error of a command that could not be started; one that looks like a line of a shell is told how to be one. */
export function explainLine(error: unknown, command: string): unknown {
  if (!(error instanceof ExecutionError) || !/\s/.test(command.trim())) return error;
  const { message, requestId } = error;
  return new ExecutionError(
    `${message}; no shell reads a command: give its arguments apart, as in ('ls', ['-la']), or a shell, as in ('sh', ['-c', 'ls -la'])`,
    { cause: error, requestId },
  );
}
