import { rm } from 'node:fs/promises';
import { type BoxInfo, InvalidArgumentError, InvalidStateError, NotFoundError } from 'boxlite/backend';
import type { Engine, EngineBox } from '../engine/engine.ts';
import type { GuestChannel } from '../guest/channel.ts';
import { connectGuest } from '../guest/connect-guest.ts';
import type { BoxRecord } from '../store/box-records.ts';
import type { CounterName } from '../store/counters.ts';
import { storageFailure } from '../store/storage-failure.ts';
import type { Store } from '../store/store.ts';
import { BoxExecutions } from './box-executions.ts';
import { boxInfo } from './box-info.ts';
import { engineBox } from './engine-box.ts';
import { within } from './within.ts';

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

// What a guest may take, after the grace that a stop gives, to end itself.
const endMs = 2000;

/** The life of one box: starting, stopping and removing wait for one another. */
export class BoxLife {
  readonly executions: BoxExecutions;
  readonly #home: BoxHome;
  readonly #folder: string;
  #record: BoxRecord;
  #channel: GuestChannel | undefined;
  #removed = false;
  #turn: Promise<unknown> = Promise.resolve();
  #turns = 0;

  constructor(home: BoxHome, record: BoxRecord) {
    this.#home = home;
    this.#record = record;
    this.#folder = home.folder(record.id);
    const { store, outputLimitBytes } = home;
    this.executions = new BoxExecutions({ record, store, folder: this.#folder, outputLimitBytes });
  }

  get info(): BoxInfo {
    return boxInfo(this.#record);
  }

  /** As the store has it now, counters and all. */
  get record(): BoxRecord {
    const stored = this.#home.store.boxes.get(this.#record.id);
    const { status, pid } = this.#record;
    this.#record = stored ? { ...stored, status, pid } : this.#record;
    return this.#record;
  }

  get isRunning(): boolean {
    return this.#channel !== undefined;
  }

  /** Whether something begins, ends or waits to. */
  get isBusy(): boolean {
    return this.#turns > 0;
  }

  /** `StoppedError` once the runtime is shut down, `NotFoundError` once the box is removed. */
  assertHere(): void {
    this.#home.assertOpen();
    this.#assertNotRemoved();
  }

  #assertNotRemoved(): void {
    if (this.#removed) throw new NotFoundError(`box not found: ${this.#record.id}`);
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
      return this.info;
    });
  }

  /** Removes the box with all it has. `InvalidStateError` when it runs and `force` is not set. */
  remove(force: boolean): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#channel) {
        if (!force) {
          throw new InvalidStateError(`box ${this.#record.id} is running; stop it first or remove it with force`);
        }
        await this.#end(this.#channel, 0);
      }
      await this.#remove();
    });
  }

  /**
   * Takes up a box that a former process left running, or finishes what it left half done. Never rejects: a box that
   * cannot be brought in order is `unknown` until it is started, stopped or removed.
   */
  adopt(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#record.status === 'running' && (await this.#takeUp())) return;
      this.executions.endAll('lost', 'the runtime ended while it ran, and its box did not survive');
      await this.#settle();
    }).catch(() => this.#note('unknown'));
  }

  async #takeUp(): Promise<boolean> {
    try {
      if ((await this.#home.engine.pid(this.#engineBox())) === undefined) return false;
      const channel = await connectGuest(this.#engineBox().socketPath);
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
    await this.#release();
    if (this.#record.status === 'configured') return;
    if (this.#record.status !== 'stopped') this.#note('stopped');
    await this.#removeIfAsked();
  }

  /** At the end of the runtime: an attached box ends, a detached one is let go. */
  async leave(timeoutMs: number): Promise<void> {
    if (!this.#record.detached) {
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
    const { options, status } = this.#record;
    if (options.detach && (options.autoRemove ?? true)) {
      throw new InvalidArgumentError('autoRemove and detach exclude each other; make the box with autoRemove false');
    }
    const began = performance.now();
    try {
      const { pid, timing } = await this.#home.engine.start(this.#engineBox());
      const spawned = performance.now();
      const channel = await connectGuest(this.#engineBox().socketPath);
      const now = performance.now();
      const imagePrepareMs = this.#record.timing?.imagePrepareMs ?? 0;
      const steps = {
        imagePrepareMs,
        filesystemSetupMs: timing.filesystemMs,
        boxConfigMs: timing.configMs,
        boxSpawnMs: timing.spawnMs,
        guestBootMs: now - spawned,
        totalCreateMs: now - began + imagePrepareMs,
      };
      this.#record = this.#home.store.boxes.update(this.#record.id, { status: 'running', pid, timing: steps });
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
    else await this.#release();
    this.#note(status);
    this.#count('boxes_failed');
  }

  /** A box that was given a command of its own runs it from the start; an image's default command is left alone. */
  async #startMain(channel: GuestChannel): Promise<void> {
    const { options, defaults } = this.#record;
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
        this.#count('boxes_stopped');
      }).catch(() => {});
    });
  }

  /** Ends a running box: TERM to all in it, KILL after the grace, then to the guest. */
  async #end(channel: GuestChannel, graceMs: number): Promise<void> {
    this.#note('stopping', this.#record.pid);
    this.#channel = undefined;
    if (graceMs > 0) {
      channel.shutdown(Math.min(graceMs, 2_147_483_647));
      await within(channel.closed, graceMs + endMs);
    }
    await this.#home.engine.kill(this.#engineBox());
    await within(channel.closed, endMs);
    channel.close();
    this.executions.endAll('killed', 'its box was stopped');
    await this.#release();
    this.#note('stopped');
    this.#count('boxes_stopped');
  }

  async #release(): Promise<void> {
    await this.#home.engine.kill(this.#engineBox());
    await this.#home.engine.release(this.#engineBox());
  }

  async #removeIfAsked(): Promise<void> {
    if (this.#record.options.autoRemove ?? true) await this.#remove();
  }

  async #remove(): Promise<void> {
    const { id } = this.#record;
    await this.#home.engine.release(this.#engineBox());
    await this.#home.engine.destroy(this.#engineBox());
    await rm(this.#folder, { recursive: true, force: true });
    this.#home.store.later.flush();
    this.#home.store.boxes.remove(id);
    this.#removed = true;
    this.#home.removed(id);
  }

  /** What is so is so: a store that cannot take it now, as on a full disk, gets it later. */
  #note(status: BoxRecord['status'], pid?: number): void {
    this.#record = { ...this.#record, status, pid, updatedAt: Date.now() };
    const { boxes, later } = this.#home.store;
    const write = (): void => {
      if (!this.#removed) boxes.update(this.#record.id, { status: this.#record.status, pid: this.#record.pid });
    };
    try {
      write();
    } catch {
      later.insist(write).catch(() => {});
    }
  }

  #count(counter: CounterName): void {
    const { counters, later } = this.#home.store;
    later.insist(() => counters.add(counter)).catch(() => {});
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#turns++;
    const result = this.#turn.then(async () => {
      try {
        this.#assertNotRemoved();
        return await work();
      } catch (error) {
        throw storageFailure(error);
      } finally {
        this.#turns--;
      }
    });
    this.#turn = result.catch(() => {});
    return result;
  }

  #engineBox(): EngineBox {
    return engineBox(this.#record, this.#folder);
  }
}
