import { join } from 'node:path';
import {
  type ExecOptions,
  type ExecutionInfo,
  type MakeOptions,
  NotFoundError,
  ResourceExhaustedError,
} from 'boxlite/backend';
import { type ExecutionEvents, executionInfo, LocalExecution } from '../execution/local-execution.ts';
import type { GuestChannel, GuestListing, GuestSink } from '../guest/channel.ts';
import { isUlid, ulid } from '../id/ulid.ts';
import type { BoxRecord } from '../store/box-records.ts';
import type { ExecutionExit, ExecutionRecord } from '../store/execution-records.ts';
import type { Store } from '../store/store.ts';
import { BoxCounts } from './box-counts.ts';
import { ExecutionLogs } from './execution-logs.ts';
import { guestExec } from './guest-exec.ts';
import { transferTag } from './transfer.ts';

/** Most executions that may run in one box at once. */
export const maxConcurrentExecutions = 512;

// Ended executions stay at hand for readers that come just after; older ones are read from the store again.
const keptEnded = 64;
const [sigkill, sigterm] = [9, 15] as const;

export interface BoxExecutionsOptions {
  readonly record: BoxRecord;
  readonly store: Store;
  /** The box's own folder. */
  readonly folder: string;
  readonly outputLimitBytes: number;
  /** Something uses the box until the function that it gives is called. */
  readonly use: () => () => void;
}

/** The executions of one box, over all of its starts. */
export class BoxExecutions {
  readonly #record: BoxRecord;
  readonly #store: Store;
  readonly #logs: ExecutionLogs;
  readonly #counts: BoxCounts;
  readonly #use: () => () => void;
  readonly #running = new Map<string, LocalExecution>();
  readonly #ended = new Map<string, LocalExecution>();
  #number = 0;
  readonly #events: ExecutionEvents = {
    received: (bytes) => this.addBytesOut(bytes),
    sent: (bytes) => this.addBytesIn(bytes),
    attached: () => this.#use(),
    removed: (execution) => {
      this.#ended.delete(execution.id);
      const { boxId, id } = execution.record;
      return this.#store.later.insist(() => this.#store.executions.remove(boxId, id));
    },
    ended: (execution, exit) => {
      this.#running.delete(execution.id);
      if (!execution.removed) this.#keep(execution);
      // Its end is the end of a use.
      this.#use()();
      if (execution.removed) return Promise.resolve();
      return this.#store.later.insist(() => this.#store.executions.finish(execution.record, exit));
    },
  };

  constructor(options: BoxExecutionsOptions) {
    this.#record = options.record;
    this.#store = options.store;
    const limit = options.record.options.outputLimitBytes ?? options.outputLimitBytes;
    this.#logs = new ExecutionLogs(join(options.folder, 'executions'), limit);
    this.#counts = new BoxCounts(options.store, options.record);
    this.#use = options.use;
  }

  /** A number on the channel that no execution of this box had. */
  nextNumber(): number {
    return ++this.#number;
  }

  /** Starts a command on a channel. `ExecutionError` when it cannot be started. */
  async start(
    channel: GuestChannel,
    options: ExecOptions,
    id: string = ulid(),
    { onId }: MakeOptions = {},
  ): Promise<LocalExecution> {
    const most = this.#record.options.maxConcurrentExecutions ?? maxConcurrentExecutions;
    if (this.#running.size >= most) {
      throw new ResourceExhaustedError(`box ${this.#record.id} runs ${most} executions already; wait for one to end`);
    }
    const argv = [options.command, ...(options.args ?? [])];
    const tty = options.tty ?? false;
    onId?.(id);
    const record: ExecutionRecord = {
      id,
      boxId: this.#record.id,
      number: this.nextNumber(),
      command: argv,
      tty,
      startedAt: Date.now(),
      output: options.output,
      exit: undefined,
    };
    const execution = new LocalExecution(record, this.#logs.make(record), this.#events);
    this.#running.set(execution.id, execution);
    // A runtime that takes over must know; the guest does not.
    if (options.output) this.#store.executions.insert(execution.record);
    try {
      await channel.exec(
        execution.record.number,
        guestExec(this.#record, execution.id, options),
        execution.sink(channel),
      );
    } catch (error) {
      this.#running.delete(execution.id);
      if (options.output) this.#store.executions.remove(this.#record.id, execution.id);
      this.#counts.add('execErrors');
      throw error;
    }
    if (execution.running) {
      // Not waited for: the guest knows it by its tag until the exit is in the store.
      const insert = (): void => {
        if (execution.running) this.#store.executions.insert(execution.record);
      };
      this.#store.later.add(insert).catch(() => {});
    }
    this.#counts.add('commands');
    return execution;
  }

  /** By id, running or ended. `NotFoundError`. */
  get(id: string): LocalExecution {
    const known = this.#running.get(id) ?? this.#ended.get(id);
    if (known && !known.removed) return known;
    this.#store.later.flush();
    const record = known?.removed ? undefined : this.#store.executions.get(this.#record.id, id);
    if (!record?.exit) throw new NotFoundError(`execution not found: ${id} in box ${this.#record.id}`);
    return this.#keep(new LocalExecution(record, this.#logs.ended(record), this.#events));
  }

  /** Oldest first. */
  list(): ExecutionInfo[] {
    this.#store.later.flush();
    return this.#store.executions.ofBox(this.#record.id).map((record) => executionInfo(record, record.exit));
  }

  /** Takes up what runs in a box that a former process started; what its guest does not know of is lost. */
  async adopt(channel: GuestChannel): Promise<void> {
    const listed = await channel.list();
    for (const { execution } of listed) this.#number = Math.max(this.#number, execution);
    for (const listing of listed) {
      // The tag comes from the box: it names a file, so it must be an id, and each only once.
      if (!isUlid(listing.tag) || this.#running.has(listing.tag)) this.#abandon(channel, listing);
      else this.#attach(channel, listing);
    }
    for (const record of this.#store.executions.running(this.#record.id)) {
      if (!this.#running.has(record.id)) this.#lose(record, lost('the guest does not know it'));
    }
  }

  #attach(channel: GuestChannel, listing: GuestListing): void {
    const found = this.#store.executions.get(this.#record.id, listing.tag);
    if (found?.exit) {
      // Its exit is safe, only the guest does not know that yet.
      this.#abandon(channel, listing);
      return;
    }
    const record = found ?? {
      id: listing.tag,
      boxId: this.#record.id,
      number: listing.execution,
      command: [],
      tty: false,
      startedAt: Date.now(),
      output: undefined,
      exit: undefined,
    };
    if (!found) this.#store.later.insist(() => this.#store.executions.insert(record)).catch(() => {});
    const log = this.#logs.takeUp(record);
    const stdout = Math.max(log.stdout, listing.stdout.base);
    const stderr = Math.max(log.stderr, listing.stderr.base);
    if (stdout > log.stdout || stderr > log.stderr) {
      log.truncated ??= 'what came while the output log could not be written was dropped';
    }
    const execution = new LocalExecution(record, log, this.#events);
    this.#running.set(record.id, execution);
    channel.attach(listing.execution, { stdout, stderr }, listing.stdinOffset, execution.sink(channel));
    if (log.truncated !== undefined) channel.discardOutput(listing.execution);
  }

  #abandon(channel: GuestChannel, listing: GuestListing): void {
    channel.attach(
      listing.execution,
      { stdout: listing.stdout.base, stderr: listing.stderr.base },
      listing.stdinOffset,
      { data: () => {}, exit: () => {}, broken: () => {} },
    );
    // A transfer that a crash left behind takes away what is unfinished.
    if (listing.running) channel.signal(listing.execution, listing.tag === transferTag ? sigterm : sigkill);
  }

  #lose(record: ExecutionRecord, exit: ExecutionExit): void {
    this.#store.later.insist(() => this.#store.executions.lose(record, exit)).catch(() => {});
  }

  /** Ends all that still run: killed with their box, or lost with it. */
  endAll(exit: 'killed' | 'lost', reason: string): void {
    for (const execution of [...this.#running.values()]) {
      // The clock may have been set back.
      const durationMs = Math.max(0, Date.now() - execution.record.startedAt);
      const ended: ExecutionExit =
        exit === 'lost'
          ? { ...lost(reason), durationMs, truncated: execution.log.truncated }
          : {
              status: 'killed',
              exitCode: 128 + sigkill,
              signal: 'SIGKILL',
              durationMs,
              errorMessage: reason,
              truncated: execution.log.truncated,
            };
      execution.end(ended).catch(() => {});
    }
    for (const record of this.#store.executions.running(this.#record.id)) {
      this.#lose(record, lost(reason));
    }
  }

  /** Runs a command of the runtime's own, which nobody can attach to; resolves with its exit code. */
  probe(channel: GuestChannel, tag: string, options: ExecOptions): Promise<number> {
    return new Promise((resolve, reject) => {
      const sink: GuestSink = { data: () => {}, exit: (exit) => resolve(exit.exitCode), broken: reject };
      channel.exec(this.nextNumber(), guestExec(this.#record, tag, options), sink).catch(reject);
    });
  }

  /** The execution of that id if it still runs. */
  running(id: string | undefined): LocalExecution | undefined {
    return id === undefined ? undefined : this.#running.get(id);
  }

  get hasRunning(): boolean {
    return this.#running.size > 0;
  }

  addBytesIn(bytes: number): void {
    this.#counts.addBytes('bytesIn', bytes);
  }

  addBytesOut(bytes: number): void {
    this.#counts.addBytes('bytesOut', bytes);
  }

  /** Puts byte counts that wait into the store. */
  flushCounts(): void {
    this.#counts.flush();
  }

  /**
   * Forgets the output of an execution that ended before that time (milliseconds since 1970) and that nobody reads; how
   * it ended stays known. False where that is not so.
   */
  async forgetOutput(id: string, endedBefore: number, reason: string): Promise<boolean> {
    const known = this.#running.get(id) ?? this.#ended.get(id);
    if (known && (known.running || known.beingRead)) return false;
    this.#store.later.flush();
    const record = this.#store.executions.get(this.#record.id, id);
    if (record) {
      const { exit, startedAt } = record;
      if (!exit || startedAt + exit.durationMs >= endedBefore) return false;
      this.#store.executions.finish(record, { ...exit, forgotten: exit.forgotten ?? reason });
      known?.log.forget(reason);
      this.#ended.delete(id);
    }
    await this.#logs.remove(id);
    return true;
  }

  #keep(execution: LocalExecution): LocalExecution {
    this.#ended.set(execution.id, execution);
    if (this.#ended.size > keptEnded) {
      const [oldest] = this.#ended.keys();
      if (oldest !== undefined) this.#ended.delete(oldest);
    }
    return execution;
  }
}

function lost(reason: string): ExecutionExit {
  return {
    status: 'lost',
    exitCode: undefined,
    signal: undefined,
    durationMs: 0,
    errorMessage: reason,
    truncated: undefined,
  };
}
