import { InvalidStateError, type MainExecution } from 'boxlite/backend';
import type { LocalExecution } from '../execution/local-execution.ts';
import type { GuestChannel } from '../guest/channel.ts';
import { ulid } from '../id/ulid.ts';
import type { BoxExecutions } from './box-executions.ts';
import type { BoxState } from './box-state.ts';

/** A main command that somebody waits for before its box has started. */
export interface AwaitedMain extends MainExecution {
  readonly resolve: (execution: LocalExecution) => void;
  readonly reject: (error: unknown) => void;
}

/** Waits for the main command of the next start. */
export function awaitedMain(): AwaitedMain {
  const { promise, resolve, reject } = Promise.withResolvers<LocalExecution>();
  promise.catch(() => {});
  return { id: ulid(), started: promise, resolve, reject };
}

/** Starts the command that a box was given of its own; an image's default command only where somebody waits for it. */
export async function startMain(
  channel: GuestChannel,
  state: BoxState,
  executions: BoxExecutions,
  awaited: AwaitedMain | undefined,
): Promise<void> {
  const { id: box, options, defaults } = state.record;
  if (!options.entrypoint && !options.cmd && !awaited) return;
  const [command, ...args] = [...(options.entrypoint ?? defaults.entrypoint), ...(options.cmd ?? defaults.cmd)];
  if (command === undefined) {
    awaited?.reject(new InvalidStateError(`box ${box} has no main command, and neither has its image; give it cmd`));
    return;
  }
  const execution = await executions.start(channel, { command, args, tty: options.tty ?? false }, awaited?.id);
  state.remember({ main: execution.id });
  awaited?.resolve(execution);
  followMain(state, executions);
}

/** Notes the exit code of a box's main command, once it has one. */
export function followMain(state: BoxState, executions: BoxExecutions): void {
  const { main } = state.record.history;
  if (main === undefined) return;
  void (async () => {
    const { exitCode } = await executions.get(main).wait();
    if (state.record.history.main === main) state.remember({ exitCode });
  })().catch(() => {
    // How it ended is not known, and so it stays.
  });
}
