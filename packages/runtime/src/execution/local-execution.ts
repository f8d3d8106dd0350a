import { rm } from 'node:fs/promises';
import type {
  CallOptions,
  ExecutionBackend,
  ExecutionInfo,
  OutputChunk,
  OutputCursor,
  TerminalSize,
} from 'boxlite/backend';
import { ExecutionLostError, InvalidArgumentError, InvalidStateError } from 'boxlite/backend';
import type { GuestChannel, GuestExit, GuestSink } from '../guest/channel.ts';
import type { ExecutionExit, ExecutionRecord } from '../store/execution-records.ts';
import { readLog } from './log-reader.ts';
import { Notifier } from './notifier.ts';
import type { OutputLog } from './output-log.ts';
import { signalName } from './signal-name.ts';
import { TakenFile } from './taken-file.ts';
import { toldCommand } from './told-command.ts';

const sigkill = 9;

/** What an execution tells its box. */
export interface ExecutionEvents {
  /** Settles once the exit is in the store. */
  ended(execution: LocalExecution, exit: ExecutionExit): Promise<void>;
  /** Settles once the store has forgotten it. */
  removed(execution: LocalExecution): Promise<void>;
  /** Someone reads its output, until the function that this gives is called. */
  attached(): () => void;
  received(bytes: number): void;
  sent(bytes: number): void;
}

/** A command in a local box: a conversation with the guest, kept in a log that outlives both sides. */
export class LocalExecution implements ExecutionBackend {
  readonly record: ExecutionRecord;
  readonly log: OutputLog;
  readonly #events: ExecutionEvents;
  #exit: ExecutionExit | undefined;
  #channel: GuestChannel | undefined;
  #stdinClosed = false;
  #stdinEnd: number | undefined;
  #removed = false;
  #readers = 0;
  #takenFile: TakenFile | undefined;
  readonly #ends = new Notifier();

  constructor(record: ExecutionRecord, log: OutputLog, events: ExecutionEvents) {
    this.record = record;
    this.log = log;
    this.#events = events;
    this.#exit = record.exit;
    if (record.exit) {
      log.truncated ??= record.exit.truncated;
      log.end();
    }
  }

  get id(): string {
    return this.record.id;
  }

  get running(): boolean {
    return this.#exit === undefined;
  }

  /** Nobody may have it any more but those who have it. */
  get removed(): boolean {
    return this.#removed;
  }

  get beingRead(): boolean {
    return this.#readers > 0;
  }

  /** Where the guest's frames go while this channel lives. */
  sink(channel: GuestChannel): GuestSink {
    this.#channel = channel;
    return {
      data: (stream, _offset, bytes, given) => {
        this.#events.received(bytes.length);
        if (bytes.length <= this.#room) return this.#append(stream, bytes, given);
        return this.#appendAsRead(channel, stream, given ? bytes : Buffer.from(bytes));
      },
      waits: () => this.log.waits,
      exit: (exit) => this.end(toExit(exit, this.log.truncated)),
      broken: () => {
        this.#channel = undefined;
        this.log.unread?.lift();
      },
    };
  }

  /** How much may be appended before someone has read more. */
  get #room(): number {
    const { unread, truncated, stdout, stderr } = this.log;
    return unread === undefined || truncated !== undefined ? Number.POSITIVE_INFINITY : unread.room(stdout + stderr);
  }

  #append(stream: 'stdout' | 'stderr', bytes: Buffer, given: boolean): void | Promise<void> {
    const wasCut = this.log.truncated !== undefined;
    const written = this.log.append(stream, bytes, given);
    const after = (): void => {
      if (this.log.truncated !== undefined && !wasCut) this.#channel?.discardOutput(this.record.number);
    };
    return written ? written.then(after) : after();
  }

  /** No more than was allowed is in the log at any time, so that who takes over after a crash has no more to let in. */
  async #appendAsRead(channel: GuestChannel, stream: 'stdout' | 'stderr', bytes: Buffer): Promise<void> {
    for (let left = bytes; left.length > 0; ) {
      const { unread, stdout, stderr } = this.log;
      await unread?.waitForRoom(stdout + stderr);
      // What was not acknowledged comes again, to whoever has the guest then.
      if (this.#channel !== channel) return;
      const length = Math.min(left.length, this.#room);
      await this.#append(stream, left.subarray(0, length), false);
      left = left.subarray(length);
    }
  }

  /** Records how it ended; only the first call counts. Settles once that is in the store. */
  end(exit: ExecutionExit): Promise<void> {
    if (this.#exit) return Promise.resolve();
    const { stdout, stderr } = this.log;
    this.#exit = { ...exit, outputBytes: { stdout, stderr } };
    this.#stdinEnd = this.stdinOffset();
    this.log.unread?.lift();
    this.#channel = undefined;
    const stored = this.#events.ended(this, this.#exit);
    this.log.end();
    this.#ends.notify();
    this.#dropLog();
    return stored;
  }

  async remove(call: CallOptions = {}): Promise<void> {
    call.signal?.throwIfAborted();
    if (this.#removed) return;
    this.#removed = true;
    this.log.unread?.lift();
    if (this.running) this.#channel?.signal(this.record.number, sigkill);
    await this.#events.removed(this);
    this.#dropLog();
  }

  /** Deletes the log of a removed execution once nobody needs it. */
  #dropLog(): void {
    if (!this.#removed || this.running || this.#readers > 0) return;
    for (const path of [this.log.path, this.#taken.path]) rm(path, { force: true }).catch(() => {});
  }

  get #taken(): TakenFile {
    this.#takenFile ??= new TakenFile(this.log.path);
    return this.#takenFile;
  }

  taken(): OutputCursor {
    return this.#taken.read();
  }

  take(cursor: OutputCursor): void {
    if (!this.#removed) this.#taken.write(cursor);
  }

  async info(call: CallOptions = {}): Promise<ExecutionInfo> {
    call.signal?.throwIfAborted();
    return this.infoNow();
  }

  infoNow(): ExecutionInfo {
    const { stdout, stderr } = this.log;
    return { ...executionInfo(this.record, this.#exit), outputBytes: { stdout, stderr } };
  }

  async *output(
    options: { readonly from?: OutputCursor } & CallOptions = {},
  ): AsyncGenerator<OutputChunk, void, undefined> {
    const left = this.#events.attached();
    this.#readers++;
    try {
      yield* readLog(this.log, checkCursor(options.from), options.signal);
    } finally {
      left();
      this.#readers--;
      this.#dropLog();
    }
    this.#knownExit();
  }

  async wait(call: CallOptions = {}): Promise<ExecutionInfo> {
    call.signal?.throwIfAborted();
    while (!this.#exit) {
      await this.#ends.next(call.signal);
      call.signal?.throwIfAborted();
    }
    this.#knownExit();
    return this.infoNow();
  }

  #knownExit(): void {
    if (this.#exit && this.#exit.exitCode === undefined) {
      throw new ExecutionLostError(
        `execution ${this.id} ended, but how is not known: ${this.#exit.errorMessage ?? 'its box went away'}`,
      );
    }
  }

  async write(data: Uint8Array, call: CallOptions = {}): Promise<void> {
    call.signal?.throwIfAborted();
    if (this.#stdinClosed) throw new InvalidStateError(`stdin of execution ${this.id} is closed`);
    const channel = this.#live();
    if (data.length === 0) return;
    await channel.write(this.record.number, data, call.signal);
    this.#events.sent(data.length);
  }

  async closeStdin(call: CallOptions = {}): Promise<void> {
    call.signal?.throwIfAborted();
    if (this.#stdinClosed) return;
    this.#stdinClosed = true;
    if (this.#exit === undefined) this.#channel?.closeStdin(this.record.number);
  }

  stdinOffset(): number | undefined {
    return this.#channel?.stdinOffset(this.record.number) ?? this.#stdinEnd;
  }

  async signal(signal: number, call: CallOptions = {}): Promise<void> {
    call.signal?.throwIfAborted();
    if (!Number.isInteger(signal) || signal < 1 || signal > 64) {
      throw new InvalidArgumentError(`signal must be a whole number from 1 to 64, not ${signal}`);
    }
    this.#live().signal(this.record.number, signal);
    if (signal === sigkill) this.log.unread?.lift();
  }

  async resize(size: TerminalSize, call: CallOptions = {}): Promise<void> {
    call.signal?.throwIfAborted();
    if (!this.record.tty) throw new InvalidStateError(`execution ${this.id} has no terminal; start it with tty`);
    this.#live().resize(this.record.number, size);
  }

  #live(): GuestChannel {
    if (this.#exit || !this.#channel) throw new InvalidStateError(`execution ${this.id} is not running`);
    return this.#channel;
  }
}

/** What there is to say about an execution. */
export function executionInfo(record: ExecutionRecord, exit: ExecutionExit | undefined): ExecutionInfo {
  return {
    id: record.id,
    command: toldCommand(record.command),
    status: exit?.status ?? 'running',
    exitCode: exit?.exitCode,
    signal: exit?.signal,
    startedAt: new Date(record.startedAt),
    durationMs: exit?.durationMs,
    errorMessage: exit?.errorMessage,
  };
}

function toExit(exit: GuestExit, truncated: string | undefined): ExecutionExit {
  const status = exit.timedOut ? 'timed_out' : exit.signal > 0 ? 'killed' : 'completed';
  return {
    status,
    exitCode: exit.exitCode,
    signal: exit.signal > 0 ? signalName(exit.signal) : undefined,
    durationMs: exit.durationMs,
    errorMessage: exit.timedOut
      ? 'the execution reached its timeout'
      : exit.outOfMemory
        ? 'the box ran out of memory; give it more with memoryMib'
        : undefined,
    truncated,
  };
}

function checkCursor(from: OutputCursor | undefined): OutputCursor | undefined {
  if (from === undefined) return undefined;
  for (const stream of ['stdout', 'stderr'] as const) {
    if (!Number.isSafeInteger(from[stream]) || from[stream] < 0) {
      throw new InvalidArgumentError(`from.${stream} must be a whole number of bytes, not ${from[stream]}`);
    }
  }
  return from;
}
