import { checkGuestPath, checkMs, checkName, checkText } from './argument.ts';
import type { BoxBackend, CallOptions, DownloadOptions, StopOptions, UploadOptions } from './backend/backend.ts';
import type { BoxInfo, BoxMetrics, ExecutionInfo } from './backend/info.ts';
import type { CopyOptions } from './copy-options.ts';
import { NotFoundError, StoppedError } from './errors.ts';
import type { Execution } from './execution.ts';
import type { BoxFiles } from './files.ts';
import { lateFiles } from './late-files.ts';
import { latePart } from './late-part.ts';
import { lateSdk } from './late-sdk.ts';
import { loaded } from './loaded.ts';
import { type BoxNetwork, boxNetwork } from './network.ts';
import type { RunResult } from './run.ts';
import type { Snapshots } from './snapshots.ts';
import type { StartExecutionOptions } from './start-execution.ts';

/** One sandbox. Leaving an `await using` block stops it. */
export class Box implements AsyncDisposable {
  readonly #backend: BoxBackend;
  /** Files and directories, one at a time. */
  readonly files: BoxFiles;
  /** Named copies of the box's disk. */
  readonly snapshots: Snapshots;
  /** Tunnels into the box, and what its network refused. */
  readonly network: BoxNetwork;

  constructor(backend: BoxBackend) {
    this.#backend = backend;
    this.files = lateFiles(backend);
    this.snapshots = latePart(
      async () => (await lateSdk()).snapshots(backend.snapshots),
      'create',
      'list',
      'get',
      'remove',
      'restore',
    );
    this.network = boxNetwork(backend);
  }

  /** A ULID. */
  get id(): string {
    return this.#backend.id;
  }

  /** Undefined where it was made without one. */
  get name(): string | undefined {
    return this.#backend.name;
  }

  /** The box as it is now; `NotFoundError` once it is removed. */
  info(call: CallOptions = {}): Promise<BoxInfo> {
    return this.#backend.info(call);
  }

  /** Starts the box; one that runs is no error. Commands and copies start it too. */
  start(call: CallOptions = {}): Promise<BoxInfo> {
    return this.#backend.start(call);
  }

  /** Stops the box, by force after `timeoutMs` (30,000), and removes it if it was made with `autoRemove`. */
  async stop(options: StopOptions & CallOptions = {}): Promise<BoxInfo> {
    const { timeoutMs, signal } = options;
    checkMs('timeoutMs', timeoutMs, 0);
    return this.#backend.stop(timeoutMs === undefined ? {} : { timeoutMs }, { signal });
  }

  /** Stops the box, by force after `timeoutMs` (30,000), and starts it again; it keeps its disk, also with `autoRemove`. */
  async restart(options: StopOptions & CallOptions = {}): Promise<BoxInfo> {
    const { timeoutMs, signal } = options;
    checkMs('timeoutMs', timeoutMs, 0);
    return this.#backend.restart(timeoutMs === undefined ? {} : { timeoutMs }, { signal });
  }

  /** Freezes everything in the running box, memory and all, until `resume`; `InvalidStateError` when it does not run. */
  pause(call: CallOptions = {}): Promise<BoxInfo> {
    return this.#backend.pause(call);
  }

  /** Lets the paused box go on; one that runs is no error, any other is an `InvalidStateError`. */
  resume(call: CallOptions = {}): Promise<BoxInfo> {
    return this.#backend.resume(call);
  }

  /** Starts a command and gives it back while it runs. Its stdin stays open unless `stdin` is given. */
  async exec(command: string, args: readonly string[] = [], options: StartExecutionOptions = {}): Promise<Execution> {
    const { startCommand } = await lateSdk();
    return startCommand(this.#backend, command, args, options);
  }

  /** Runs a command to its end and collects its output as UTF-8 text, in memory; stdin is closed unless `stdin` is given. */
  async run(command: string, args: readonly string[] = [], options: StartExecutionOptions = {}): Promise<RunResult> {
    const { runCommand } = await lateSdk();
    return runCommand(this.#backend, command, args, options);
  }

  /** Every execution that the box knows of, oldest first. */
  executions(call: CallOptions = {}): Promise<readonly ExecutionInfo[]> {
    return this.#backend.executions(call);
  }

  /** Attaches to an execution again, by its id; `NotFoundError` when there is none. */
  async execution(id: string, call: CallOptions = {}): Promise<Execution> {
    checkText('id', id);
    const { Execution } = await lateSdk();
    return new Execution(await this.#backend.execution(id, call));
  }

  /**
   * Copies a file or directory of the host, or a tar stream, into the box. A directory's contents land at `guestPath`;
   * a file lands at it, or in it where it is a directory.
   */
  async copyIn(
    source: string | ReadableStream<Uint8Array>,
    guestPath: string,
    options: CopyOptions = {},
  ): Promise<void> {
    const { copyIn } = await lateSdk();
    await copyIn(this.#backend, source, guestPath, options);
  }

  /**
   * Copies a path of the box to the host, or as a tar into a stream. A file lands at the host path, or in it where it
   * is a directory or ends in `/`; a directory lands in it under its own name. What would leave it is an error.
   */
  async copyOut(
    guestPath: string,
    target: string | WritableStream<Uint8Array>,
    options: CopyOptions = {},
  ): Promise<void> {
    const { copyOut } = await lateSdk();
    await copyOut(this.#backend, guestPath, target, options);
  }

  /** Unpacks a tar stream in the box. */
  async upload(tar: ReadableStream<Uint8Array>, options: UploadOptions, call: CallOptions = {}): Promise<void> {
    checkGuestPath('path', options.path);
    await this.#backend.upload(tar, options, call);
  }

  /** Packs a path of the box as a tar stream. */
  async download(options: DownloadOptions, call: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    checkGuestPath('path', options.path);
    return this.#backend.download(options, call);
  }

  /** The box's counters, and its gauges while it runs. */
  metrics(call: CallOptions = {}): Promise<BoxMetrics> {
    return this.#backend.metrics(call);
  }

  /** A new box of the same options with a copy of the disk; a box that runs stands still while it is copied. */
  async clone(options: CallOptions = {}, name?: string): Promise<Box> {
    if (name !== undefined) checkName('name', name);
    return new Box(await this.#backend.clone(name, { signal: options.signal }));
  }

  /** The box as an archive that `importBox` takes, streamed: its options, its image and its disk as they are now. */
  async export(call: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    return this.#backend.export(call);
  }

  /** Writes what `export` gives to a file of the host, which appears once it is whole; in a directory `<name or id>.boxlite`. */
  async exportTo(hostPath: string, call: CallOptions = {}): Promise<string> {
    checkText('hostPath', hostPath);
    const { writeArchive } = await loaded(() => import('./host/archive-file.ts'));
    return writeArchive(await this.export(call), hostPath, `${this.name ?? this.id}.boxlite`, call.signal);
  }

  /** Stops the box; one that is stopped or removed is no error. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop();
    } catch (error) {
      if (!(error instanceof NotFoundError || error instanceof StoppedError)) throw error;
    }
  }
}
