import { type BoxInfo, InvalidArgumentError, InvalidStateError } from 'boxlite/backend';
import type { Engine } from '../engine/engine.ts';
import type { GuestChannel } from '../guest/channel.ts';
import type { BoxRecord } from '../store/box-records.ts';
import { storageFailure } from '../store/storage-failure.ts';
import type { Store } from '../store/store.ts';
import { BoxBody } from './box-body.ts';
import { BoxExecutions } from './box-executions.ts';
import { BoxState } from './box-state.ts';
import { endGuest } from './end-guest.ts';
import { Turns } from './turns.ts';

/** What a box needs of the runtime that holds it. */
export interface BoxHome {
  readonly store: Store;
  readonly engine: Engine;
  /** The folder of a box, by its id. */
  readonly folder: (id: string) => string;
  readonly detachAll: boolean;
  readonly outputLimitBytes: number;
  /** `StoppedError` once the runtime is shut down. */
  readonly assertOpen: () => void;
  /** The box is no more. */
  readonly removed: (id: string) => void;
}

/**
 * The life of one box: whatever changes its status waits for its turn. `BoxState` says where it is, `BoxBody` does what
 * that takes on the host.
 */
export class BoxLife {
  readonly state: BoxState;
  readonly executions: BoxExecutions;
  readonly #home: BoxHome;
  readonly #body: BoxBody;
  readonly #turns = new Turns();
  #channel: GuestChannel | undefined;

  constructor(home: BoxHome, record: BoxRecord) {
    this.#home = home;
    this.state = new BoxState(home.store, record);
    const folder = home.folder(record.id);
    this.#body = new BoxBody(home.engine, folder, () => this.state.record);
    const { store, outputLimitBytes } = home;
    this.executions = new BoxExecutions({ record, store, folder, outputLimitBytes });
  }

  get isRunning(): boolean {
    return this.#channel !== undefined;
  }

  /** Whether something begins, ends or waits to. */
  get isBusy(): boolean {
    return this.#turns.busy;
  }

  /** `StoppedError` once the runtime is shut down, `NotFoundError` once the box is removed. */
  assertHere(): void {
    this.#home.assertOpen();
    this.state.assertNotRemoved();
  }

  /** The channel of the running box, started if need be. */
  async live(): Promise<GuestChannel> {
    return this.#channel ?? this.#inTurn(() => this.#run());
  }

  stop(timeoutMs: number): Promise<BoxInfo> {
    if (!Number.isFinite(timeoutMs) || timeoutMs < 0) {
      return Promise.reject(new InvalidArgumentError(`timeoutMs must be 0 or more, not ${timeoutMs}`));
    }
    return this.#inTurn(async () => {
      if (this.#channel) await this.#end(this.#channel, timeoutMs);
      await this.#settle();
      return this.state.info;
    });
  }

  /** Removes the box with all it has. `InvalidStateError` when it runs and `force` is not set. */
  remove(force: boolean): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#channel) {
        if (!force) {
          throw new InvalidStateError(`box ${this.state.id} is running; stop it first or remove it with force`);
        }
        await this.#end(this.#channel, 0);
      }
      await this.#remove();
    });
  }

  /** Work on the disk of a box that does not run, and does not start meanwhile. `InvalidStateError` when it runs. */
  whileStopped<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(() => {
      if (this.#channel) throw new InvalidStateError(`box ${this.state.id} is running; stop it first`);
      return work();
    });
  }

  /**
   * Takes up a box that a former process left running, or finishes what it left half done. Never rejects: a box that
   * cannot be brought in order is `unknown` until it is started, stopped or removed.
   */
  adopt(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.state.record.status === 'running' && (await this.#takeUp())) return;
      this.executions.endAll('lost', 'the runtime ended while it ran, and its box did not survive');
      await this.#settle();
    }).catch(() => this.state.note('unknown'));
  }

  async #takeUp(): Promise<boolean> {
    try {
      const channel = await this.#body.reach();
      if (!channel) return false;
      await this.executions.adopt(channel);
      this.#attend(channel);
      return true;
    } catch {
      // A box that does not answer is of no use to anyone: it is ended.
      return false;
    }
  }

  /** Lets go of whatever a start, a stop or a crash left of a box that does not run. */
  async #settle(): Promise<void> {
    await this.#body.release();
    const { status, options } = this.state.record;
    if (status === 'configured') return;
    if (status !== 'stopped') this.state.note('stopped');
    if (options.autoRemove ?? true) await this.#remove();
  }

  /** At the end of the runtime: an attached box ends, a detached one is let go. */
  async leave(timeoutMs: number): Promise<void> {
    if (!this.state.record.detached) {
      await this.stop(timeoutMs);
      return;
    }
    await this.#inTurn(async () => {
      const channel = this.#channel;
      this.#channel = undefined;
      channel?.close();
      await channel?.closed;
      this.executions.flushCounts();
    });
  }

  async #run(): Promise<GuestChannel> {
    if (this.#channel) return this.#channel;
    const { options, status } = this.state.record;
    if (options.detach && (options.autoRemove ?? true)) {
      throw new InvalidArgumentError('autoRemove and detach exclude each other; make the box with autoRemove false');
    }
    try {
      const { channel, pid, timing } = await this.#body.start();
      this.state.started(pid, timing);
      this.#attend(channel);
      await this.#startMain(channel);
      return channel;
    } catch (error) {
      // The first error is the one to tell; what cannot be undone now, the next start, stop or removal tries again.
      await this.#undoStart(status === 'configured' ? 'configured' : 'stopped').catch(() => {});
      throw error;
    }
  }

  async #undoStart(status: BoxRecord['status']): Promise<void> {
    if (this.#channel) await this.#end(this.#channel, 0);
    else await this.#body.release();
    this.state.note(status);
    this.state.count('boxes_failed');
  }

  /** A box that was given a command of its own runs it from the start; an image's default command is left alone. */
  async #startMain(channel: GuestChannel): Promise<void> {
    const { options, defaults } = this.state.record;
    if (!options.entrypoint && !options.cmd) return;
    const [command, ...args] = [...(options.entrypoint ?? defaults.entrypoint), ...(options.cmd ?? defaults.cmd)];
    if (command !== undefined) await this.executions.start(channel, { command, args });
  }

  /** Watches over a channel: when it breaks, the box is over. */
  #attend(channel: GuestChannel): void {
    this.#channel = channel;
    channel.closed.then((reason) => {
      if (this.#channel !== channel) return;
      this.#inTurn(async () => {
        if (this.#channel !== channel) return;
        this.#channel = undefined;
        this.executions.endAll('lost', `its box ended${reason ? `: ${reason.message}` : ''}`);
        await this.#settle();
        this.state.count('boxes_stopped');
      }).catch(() => {});
    });
  }

  /** Ends a running box, by force after the grace. */
  async #end(channel: GuestChannel, graceMs: number): Promise<void> {
    this.state.note('stopping', this.state.record.pid);
    this.#channel = undefined;
    await endGuest(channel, graceMs, () => this.#body.kill());
    this.executions.endAll('killed', 'its box was stopped');
    await this.#body.release();
    this.state.note('stopped');
    this.state.count('boxes_stopped');
  }

  /** Forgotten before its disk goes: half a disk must never come back as a box. What a crash leaves of it is swept later. */
  async #remove(): Promise<void> {
    await this.#body.release();
    this.state.remove();
    this.#home.removed(this.state.id);
    await this.#body.destroy();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      try {
        this.state.assertNotRemoved();
        return await work();
      } catch (error) {
        throw storageFailure(error);
      }
    });
  }
}
