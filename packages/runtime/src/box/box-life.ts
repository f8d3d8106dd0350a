import {
  type BoxInfo,
  boxNotFound,
  InvalidArgumentError,
  InvalidStateError,
  type MainExecution,
  NotFoundError,
} from 'boxlite/backend';
import type { GuestChannel } from '../guest/channel.ts';
import type { BoxRecord } from '../store/box-records.ts';
import { storageFailure } from '../store/storage-failure.ts';
import { BoxBody } from './box-body.ts';
import { BoxExecutions } from './box-executions.ts';
import type { BoxHome } from './box-home.ts';
import { boxInfo, isRemovedAtStop } from './box-info.ts';
import { LocalNetwork } from './box-network.ts';
import { BoxRun } from './box-run.ts';
import { BoxState } from './box-state.ts';
import { BoxWatch } from './box-watch.ts';
import type { PreparedBox } from './prepared-box.ts';
import { Turns } from './turns.ts';

// What an idle box gets to end by itself, as with a stop that says nothing else.
const graceMs = 30_000;

/**
 * The life of one box: whatever changes its status waits for its turn here, where it says what may follow what.
 * `BoxState` says where the box is, `BoxBody` does what that takes on the host, `BoxRun` is the time between a start
 * and an end. docs/guides/lifecycle.md has the statuses and what leads from one to another.
 */
export class BoxLife {
  readonly state: BoxState;
  readonly executions: BoxExecutions;
  readonly network: LocalNetwork;
  readonly #home: BoxHome;
  readonly #body: BoxBody;
  readonly #watch: BoxWatch;
  readonly #run: BoxRun;
  readonly #turns = new Turns();
  #info:
    | { readonly record: BoxRecord; readonly health: unknown; readonly ports: unknown; readonly info: BoxInfo }
    | undefined;

  constructor(home: BoxHome, record: BoxRecord, prepared?: PreparedBox) {
    this.#home = home;
    const { store, outputLimitBytes } = home;
    const folder = home.folder(record.id);
    const state = new BoxState(store, record);
    const network = prepared?.network ?? new LocalNetwork(home.networks, record, folder);
    const body = new BoxBody({ home, network, folder, record: () => state.record, prepared: prepared?.started });
    const executions = new BoxExecutions({ record, store, folder, outputLimitBytes, use: () => this.use() });
    this.#watch = new BoxWatch({
      state,
      executions,
      networkUsedAt: () => network.usedAt(),
      onIdle: () => void this.stop(graceMs).catch(() => {}),
      onExpired: () => void this.#expire().catch(() => {}),
    });
    this.#run = new BoxRun({
      state,
      body,
      executions,
      watch: this.#watch,
      onLost: (lose) => void this.#inTurn(async () => (await lose()) && this.#settle()).catch(() => {}),
    });
    this.state = state;
    this.executions = executions;
    this.network = network;
    this.#body = body;
  }

  /** The same object as long as nothing has changed, so that who has it in another form may keep that. */
  get info(): BoxInfo {
    const { record } = this.state;
    const { health } = this.#watch;
    const { ports } = this.network.info;
    const known = this.#info;
    if (known?.record === record && known.health === health && known.ports === ports) return known.info;
    const info = Object.freeze(boxInfo(record, health, ports));
    this.#info = { record, health, ports, info };
    return info;
  }

  /** Also while it is paused. */
  get isRunning(): boolean {
    return this.#run.channel !== undefined;
  }

  /** Whether something begins, ends or waits to, or is up before it was started. */
  get isBusy(): boolean {
    return this.#turns.busy || this.#body.isPrepared;
  }

  /** `StoppedError` once the runtime is shut down, `NotFoundError` once the box is removed. */
  assertHere(): void {
    this.#home.assertOpen();
    this.state.assertNotRemoved();
  }

  /** The box is in use, and so not idle, until the function that this gives is called. */
  use(): () => void {
    return this.#watch.use();
  }

  /** The channel of the box for a use of it: started or resumed if need be, and if the box allows that. */
  async live(): Promise<GuestChannel> {
    const { channel } = this.#run;
    if (channel && this.state.status === 'running') return channel;
    return this.#inTurn(() => {
      const { status, options } = this.state.record;
      if (options.autoResume === false && status !== 'running' && status !== 'configured') {
        throw this.#refusal(
          ` and was made with autoResume false; ${status === 'paused' ? 'resume' : 'start'} it first`,
        );
      }
      return this.#bringUp();
    });
  }

  /** Starts or resumes the box; one that runs is no error. */
  start(): Promise<BoxInfo> {
    return this.#inTurn(async () => {
      await this.#bringUp();
      return this.info;
    });
  }

  /** The main command of this run, or of the next start. `InvalidStateError` when the box runs without one. */
  main(): Promise<MainExecution> {
    return this.#inTurn(async () => {
      if (!this.#run.channel) return this.#run.awaitMain();
      const { main } = this.state.record.history;
      if (main === undefined) throw this.#refusal(' without a main command; stop it, attach, then start it');
      return { id: main, started: Promise.resolve(this.executions.get(main)) };
    });
  }

  async stop(timeoutMs: number): Promise<BoxInfo> {
    checkTimeout(timeoutMs);
    return this.#inTurn(async () => {
      await this.#run.end(timeoutMs);
      await this.#settle();
      return this.info;
    });
  }

  /** Stops the box without removing it, and starts it. */
  async restart(timeoutMs: number): Promise<BoxInfo> {
    checkTimeout(timeoutMs);
    return this.#inTurn(async () => {
      await this.#run.end(timeoutMs);
      await this.#bringUp();
      return this.info;
    });
  }

  /** Stops everything in a running box where it is; a paused one is no error. */
  pause(): Promise<BoxInfo> {
    return this.#inTurn(async () => {
      if (!this.#run.channel) throw this.#refusal(', and only a running box can be paused; start it');
      await this.#run.pause();
      return this.info;
    });
  }

  /** Lets a paused box go on; a running one is no error. */
  resume(): Promise<BoxInfo> {
    return this.#inTurn(async () => {
      if (!this.#run.channel) throw this.#refusal(', and only a paused box can be resumed; start it');
      await this.#run.resume();
      return this.info;
    });
  }

  /** Removes the box with all it has. `InvalidStateError` when it runs and `force` is not set. */
  remove(force: boolean): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#run.channel && !force) throw this.#refusal('; stop it first or remove it with force');
      await this.#run.end(0);
      await this.#remove();
    });
  }

  /** Work on the disk of a box that does not run, and does not start meanwhile. `InvalidStateError` when it runs. */
  whileStopped<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      if (this.#run.channel) throw this.#refusal('; stop it first');
      await this.#body.unprepare();
      return work();
    });
  }

  /** Work on the disk of a box in any state, while nothing in it runs: a running box is frozen for as long. */
  whileStill<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      await this.#body.unprepare();
      if (this.state.status !== 'running') return work();
      await this.#body.pause();
      try {
        return await work();
      } finally {
        await this.#body.resume();
      }
    });
  }

  /**
   * Takes up a box that a former process left running, or finishes what it left half done. Never rejects: a box that
   * cannot be brought in order is `unknown` until it is started, stopped or removed.
   */
  adopt(): Promise<void> {
    return this.#inTurn(async () => {
      const { status } = this.state;
      if ((status === 'running' || status === 'paused') && (await this.#run.takeUp())) return;
      this.executions.endAll('lost', 'the runtime ended while it ran, and its box did not survive');
      await this.#settle();
      // What came due while no runtime was open is done before anyone finds the box.
      if (this.#watch.isExpired) await this.#remove();
    }).catch(() => this.state.ended('unknown'));
  }

  /** At the end of the runtime: an attached box ends, a detached one is let go. One that is removed meanwhile is neither. */
  async leave(timeoutMs: number): Promise<void> {
    try {
      if (!this.state.record.detached) await this.stop(timeoutMs);
      else await this.#inTurn(() => this.#letGo());
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  async #letGo(): Promise<void> {
    await this.#body.unprepare();
    await this.#run.letGo();
    await this.network.letGo();
    this.executions.flushCounts();
  }

  /** Brings the box to `running` from wherever it is. */
  async #bringUp(): Promise<GuestChannel> {
    await this.#run.resume();
    const { channel } = this.#run;
    if (channel) return channel;
    const { options } = this.state.record;
    if (options.detach && isRemovedAtStop(options)) {
      throw new InvalidArgumentError('autoRemove and detach exclude each other; make the box with autoRemove false');
    }
    return this.#run.start();
  }

  /** Lets go of whatever a start, a stop or a crash left of a box that does not run. */
  async #settle(): Promise<void> {
    await this.#body.release();
    const { status, options } = this.state.record;
    if (status === 'configured') return;
    if (status !== 'stopped' && status !== 'failed') this.state.ended('stopped');
    if (isRemovedAtStop(options)) await this.#remove();
    else this.#watch.kept();
  }

  #expire(): Promise<void> {
    return this.#inTurn(async () => {
      this.#home.assertOpen();
      if (!this.#run.channel) await this.#remove();
    });
  }

  /** Forgotten before its disk goes: half a disk must never come back as a box. What a crash leaves of it is swept later. */
  async #remove(): Promise<void> {
    this.#watch.over();
    this.#run.forgetMain(boxNotFound(this.state.id));
    await this.#body.release();
    this.state.remove();
    this.#home.removed(this.state.id);
    await this.#body.destroy();
    this.#home.store.spare.keep();
  }

  #refusal(reason: string): InvalidStateError {
    return new InvalidStateError(`box ${this.state.id} is ${this.state.status}${reason}`);
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

function checkTimeout(timeoutMs: number): void {
  if (Number.isFinite(timeoutMs) && timeoutMs >= 0) return;
  throw new InvalidArgumentError(`timeoutMs must be 0 or more, not ${timeoutMs}`);
}
