import type { BoxBackend, ExecutionBackend } from './backend/backend.ts';
import { Execution } from './execution.ts';
import { feedStdin } from './feed-stdin.ts';
import { killOnAbort } from './kill-on-abort.ts';
import { collect, type RunResult } from './run.ts';
import { execOptions, explainLine, type StartExecutionOptions } from './start-execution.ts';
import { type Start, startOrKill } from './start-or-kill.ts';

/** Starts a command and gives it back while it runs. */
export async function startCommand(
  box: BoxBackend,
  command: string,
  args: readonly string[],
  options: StartExecutionOptions,
): Promise<Execution> {
  const execution = await start((how, call) => box.exec(how, call), command, args, options);
  const ended = killOnAbort(execution, options.signal);
  if (options.stdin !== undefined) {
    // Nobody waits here for the input to be taken: a failure shows as a command that is killed.
    feedStdin(execution, options.stdin).catch(() => execution.signal(9).catch(() => undefined));
  }
  return new Execution(execution, ended);
}

/** Runs a command to its end and collects its output. */
export async function runCommand(
  box: BoxBackend,
  command: string,
  args: readonly string[],
  options: StartExecutionOptions,
): Promise<RunResult> {
  const { stdin, signal } = options;
  const begin: Start = (how, call, left) =>
    stdin === undefined && box.run ? box.run(how, call, left) : box.exec(how, call);
  const execution = await start(begin, command, args, options);
  try {
    return await collect(execution, stdin, { signal });
  } catch (error) {
    await execution.signal(9).catch(() => undefined);
    throw error;
  }
}

async function start(
  starting: Start,
  command: string,
  args: readonly string[],
  options: StartExecutionOptions,
): Promise<ExecutionBackend> {
  try {
    return await startOrKill(starting, execOptions(command, args, options), options.signal);
  } catch (error) {
    throw explainLine(error, command);
  }
}
