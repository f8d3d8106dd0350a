import type { GuestChannel } from '../guest/channel.ts';
import type { BoxBody } from './box-body.ts';
import type { BoxExecutions } from './box-executions.ts';
import type { BoxState } from './box-state.ts';
import type { BoxWatch } from './box-watch.ts';
import { endGuest } from './end-guest.ts';
import { makeImageDirectories } from './image-directories.ts';
import { type AwaitedMain, awaitedMain, followMain, startMain } from './main-command.ts';

export interface BoxRunOptions {
  readonly state: BoxState;
  readonly body: BoxBody;
  readonly executions: BoxExecutions;
  readonly watch: BoxWatch;
  /** Its guest is gone although nobody ended it; `lose` is to be called when it is this run's turn. */
  readonly onLost: (lose: () => Promise<boolean>) => void;
}

/** What is true of a box from its start to its end: a channel to its guest, and what hangs on that. */
export class BoxRun {
  readonly #options: BoxRunOptions;
  #channel: GuestChannel | undefined;
  #awaited: AwaitedMain | undefined;

  constructor(options: BoxRunOptions) {
    this.#options = options;
  }

  /** Undefined while the box does not run; there also while it is paused. */
  get channel(): GuestChannel | undefined {
    return this.#channel;
  }

  /** The main command of the next start. */
  awaitMain(): AwaitedMain {
    this.#awaited ??= awaitedMain();
    return this.#awaited;
  }

  /** There will be no next start. */
  forgetMain(reason: unknown): void {
    this.#awaited?.reject(reason);
    this.#awaited = undefined;
  }

  /** Starts the box; what fails is undone, and the box is `failed`. */
  async start(): Promise<GuestChannel> {
    const { state, body, executions, watch } = this.#options;
    try {
      const { channel, pid, timing } = await body.start();
      // Before anyone else has the channel: a command would start where there is nothing yet.
      await makeImageDirectories(channel, state.record, () => executions.nextNumber());
      state.started(pid, timing);
      this.#attend(channel);
      await startMain(channel, state, executions, this.#awaited);
      this.#awaited = undefined;
      return channel;
    } catch (error) {
      this.forgetMain(error);
      // The first error is the one to tell; what cannot be undone now, the next start, stop or removal tries again.
      await (this.#channel ? this.end(0) : body.release()).catch(() => {});
      state.ended('failed', `it could not be started: ${error instanceof Error ? error.message : error}`);
      state.count('boxes_failed');
      watch.kept();
      throw error;
    }
  }

  /** Takes up what a former process left running or paused, and leaves it so; false when that cannot be. */
  async takeUp(): Promise<boolean> {
    const { state, body, executions } = this.#options;
    try {
      const channel = await body.reach();
      if (!channel) return false;
      await executions.adopt(channel);
      if (state.status === 'paused') await body.pause();
      this.#attend(channel);
      followMain(state, executions);
      return true;
    } catch {
      // A box that does not answer is of no use to anyone: it is ended.
      return false;
    }
  }

  async pause(): Promise<void> {
    const { state, body } = this.#options;
    if (state.status === 'paused') return;
    await body.pause();
    state.turned('paused');
  }

  async resume(): Promise<void> {
    const { state, body } = this.#options;
    if (state.status !== 'paused') return;
    await body.resume();
    state.turned('running');
  }

  /** Ends the box if it runs or is paused, by force after the grace. */
  async end(graceMs: number): Promise<void> {
    const channel = this.#channel;
    if (!channel) return;
    const { state, body, executions } = this.#options;
    state.turned('stopping');
    this.#unattend();
    await body.resume();
    const { defaults, history } = state.record;
    await endGuest(channel, {
      graceMs,
      main: executions.running(history.main),
      stopSignal: defaults.stopSignal,
      kill: () => body.kill(),
    });
    executions.endAll('killed', 'its box was stopped');
    await body.release();
    state.ended('stopped');
    state.count('boxes_stopped');
  }

  /** Closes the channel and leaves the box running. */
  async letGo(): Promise<void> {
    const channel = this.#channel;
    this.#unattend();
    channel?.close();
    await channel?.closed;
  }

  /** Watches over a channel: when it breaks, the box is over. */
  #attend(channel: GuestChannel): void {
    const { state, body, executions, watch, onLost } = this.#options;
    this.#channel = channel;
    watch.begun(channel);
    channel.closed.then((reason) => {
      if (this.#channel !== channel) return;
      onLost(async () => {
        if (this.#channel !== channel) return false;
        this.#unattend();
        const cause = await body.causeOfEnd().catch(() => undefined);
        const seen = cause ?? reason?.message;
        executions.endAll('lost', `its box ended${seen ? `: ${seen}` : ''}`);
        // Once it is told to have ended, nothing of it is left; what cannot be let go now, `release` tries again.
        await body.release().catch(() => {});
        state.ended('failed', cause ?? 'it ended although nobody stopped it');
        state.count('boxes_stopped');
        return true;
      });
    });
  }

  #unattend(): void {
    this.#channel = undefined;
    this.#options.watch.over();
  }
}
