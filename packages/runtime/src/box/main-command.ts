import type { GuestChannel } from '../guest/channel.ts';
import type { BoxExecutions } from './box-executions.ts';
import type { BoxState } from './box-state.ts';

/** Starts the command that a box was given of its own; an image's default command is left alone. */
export async function startMain(channel: GuestChannel, state: BoxState, executions: BoxExecutions): Promise<void> {
  const { options, defaults } = state.record;
  if (!options.entrypoint && !options.cmd) return;
  const [command, ...args] = [...(options.entrypoint ?? defaults.entrypoint), ...(options.cmd ?? defaults.cmd)];
  if (command === undefined) return;
  const { id } = await executions.start(channel, { command, args });
  state.remember({ main: id });
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
