import type { AccountBackend } from './account.ts';
import type { BoxOptions, ExecOptions, TerminalSize } from './box-options.ts';
import type { EventsOptions, RuntimeEvent } from './events.ts';
import type { FilesBackend } from './files.ts';
import type { ImagesBackend } from './images.ts';
import type {
  BoxInfo,
  BoxMetrics,
  BoxPage,
  ExecutionInfo,
  ListBoxesOptions,
  RuntimeConfig,
  RuntimeMetrics,
  SnapshotInfo,
  VolumeInfo,
} from './info.ts';
import type { ByteConnection, NetworkEvent } from './network.ts';

/** Goes with every call. Aborting rejects with the signal's reason. */
export interface CallOptions {
  /** Aborting it ends the call, which rejects with the signal's reason. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** Goes with every call that makes something with an id, or removes what several names may have. */
export interface MakeOptions extends CallOptions {
  /**
   * Told the id just before the thing is made or removed, for who must find out after a crash whether it was. A throw
   * ends the call. @default nobody is told
   */
  readonly onId?: ((id: string) => void) | undefined;
}

/** How a box is stopped. */
export interface StopOptions {
  /** How long its processes may take to end, in milliseconds; what is left is killed. @default 30,000 */
  readonly timeoutMs?: number;
}

/** How a box is removed. */
export interface RemoveBoxOptions {
  /** Also one that runs: it is stopped by force. @default false: `InvalidStateError` */
  readonly force?: boolean;
}

/** How a volume is removed. */
export interface RemoveVolumeOptions {
  /** Also one that boxes have which do not run; they cannot start without it. @default false: `InvalidStateError` */
  readonly force?: boolean;
}

/** How a runtime is shut down. */
export interface ShutdownOptions {
  /** How long attached boxes may take to stop, in milliseconds; what is left is killed. @default 10,000 */
  readonly timeoutMs?: number;
}

/** Where to begin with output. */
export interface ReadOutputOptions extends CallOptions {
  /** How much the reader has already. @default the beginning */
  readonly from?: OutputCursor;
}

/** Which refusals of a network to tell. */
export interface NetworkEventsOptions {
  /** Leaves out all up to this `sequence`. @default 0: all there are */
  readonly after?: number;
}

/** What a runtime drives: the whole difference between a local and a remote one. All errors are `BoxliteError`s. */
export interface RuntimeBackend {
  /** Makes a box without starting it; `AlreadyExistsError` when the name is taken. */
  create(options: BoxOptions, name: string | undefined, call?: MakeOptions): Promise<BoxBackend>;
  /** The box of that name, or a new one: however many ask at once, one is made. */
  getOrCreate(options: BoxOptions, name: string, call?: MakeOptions): Promise<{ box: BoxBackend; created: boolean }>;
  /** By id or by name; null when there is none. */
  get(idOrName: string, call?: CallOptions): Promise<BoxBackend | null>;
  /** A page of boxes, oldest first. */
  list(options?: ListBoxesOptions, call?: CallOptions): Promise<BoxPage>;
  /** `NotFoundError` when there is none, `InvalidStateError` when it runs and `force` is not set. */
  remove(idOrName: string, options?: RemoveBoxOptions, call?: CallOptions): Promise<void>;
  /** Counters since the runtime began. */
  metrics(call?: CallOptions): Promise<RuntimeMetrics>;
  /** The same of every tenant together, for who operates the runtime; absent where only a tenant is seen. */
  totals?(call?: CallOptions): Promise<RuntimeMetrics>;
  /**
   * What becomes of boxes, oldest first: an `open`, then changes as they come, without end. An abort throws its reason.
   * `InvalidArgumentError` for an `after` that is none, `StoppedError` once the runtime is shut down.
   */
  events(options?: EventsOptions): AsyncIterable<RuntimeEvent>;
  /** Rejects with what keeps this runtime from starting boxes: its store cannot be written, its engine is gone. */
  check(call?: CallOptions): Promise<void>;
  /** What the runtime gives by default, and what it can do. */
  config(call?: CallOptions): Promise<RuntimeConfig>;
  /** The images that boxes are made of. */
  readonly images: ImagesBackend;
  /** Directories that outlive boxes. */
  readonly volumes: VolumesBackend;
  /**
   * Makes a box of what `export` gave; the name in the archive is not taken. `InvalidArgumentError` for an archive that
   * is cut, changed or hostile, and then there is no box.
   */
  importBox(archive: ReadableStream<Uint8Array>, name: string | undefined, call?: MakeOptions): Promise<BoxBackend>;
  /** What a server knows of those who use it; a local runtime has none. */
  readonly account?: AccountBackend;
  /**
   * The same runtime as another tenant has it, with boxes, volumes, names of images and counters of its own. `default` is
   * who a runtime is opened as.
   */
  tenant(name: string): RuntimeBackend;
  /** Ends attached boxes and lets go of everything held, for every tenant; over REST nothing remote is touched. Twice is fine. */
  shutdown(options?: ShutdownOptions): Promise<void>;
}

/** One box, as `Box` drives it. */
export interface BoxBackend {
  /** A ULID. */
  readonly id: string;
  /** Undefined where it was made without one. */
  readonly name: string | undefined;
  /** What was known when this handle was made. */
  readonly snapshot: BoxInfo;
  /** The box as it is now; `NotFoundError` once it is removed. */
  info(call?: CallOptions): Promise<BoxInfo>;
  /** Starting a running box is no error. */
  start(call?: CallOptions): Promise<BoxInfo>;
  /** Stopping a stopped box is no error; a box never started stays `configured`. `timeoutMs` (30,000), then force. */
  stop(options?: StopOptions, call?: CallOptions): Promise<BoxInfo>;
  /** Stops the box if it runs, as `stop` does but without removing it, and starts it. */
  restart(options?: StopOptions, call?: CallOptions): Promise<BoxInfo>;
  /** Freezes everything in a running box; a paused one is no error, any other is an `InvalidStateError`. */
  pause(call?: CallOptions): Promise<BoxInfo>;
  /** Lets a paused box go on; a running one is no error, any other is an `InvalidStateError`. */
  resume(call?: CallOptions): Promise<BoxInfo>;
  /** Starts a command, and the box if need be. */
  exec(options: ExecOptions, call?: MakeOptions): Promise<ExecutionBackend>;
  /**
   * The same for a command that is fed nothing and whose output is read at once, where that takes less. `left` aborts when
   * nobody waits any more: what starts is then killed as soon as that can be. @default `exec`
   */
  run?(options: ExecOptions, call?: CallOptions, left?: AbortSignal): Promise<ExecutionBackend>;
  /** Every execution that the box knows of, oldest first; `UnsupportedError` where a server cannot list them. */
  executions(call?: CallOptions): Promise<readonly ExecutionInfo[]>;
  /**
   * The main command: that of this run of the box or, when the box does not run, that of its next start, which then runs
   * the image's own command where the box was given none. `InvalidStateError` when the box runs without one.
   */
  main(call?: CallOptions): Promise<MainExecution>;
  /** Re-attaches by id; `NotFoundError` when there is none. */
  execution(id: string, call?: CallOptions): Promise<ExecutionBackend>;
  /** Its files, one at a time. */
  readonly files: FilesBackend;
  /** Unpacks a tar stream in the box. See docs/guides/files.md for where the entries land. */
  upload(tar: ReadableStream<Uint8Array>, options: UploadOptions, call?: CallOptions): Promise<void>;
  /** Packs a path of the box as a tar stream; `NotFoundError` before the first byte when there is none. */
  download(options: DownloadOptions, call?: CallOptions): Promise<ReadableStream<Uint8Array>>;
  /** The box's counters, and its gauges while it runs. */
  metrics(call?: CallOptions): Promise<BoxMetrics>;
  /** What the network of the running box refused, oldest first, from after that sequence on; empty when it does not run. */
  networkEvents(options?: NetworkEventsOptions, call?: CallOptions): Promise<readonly NetworkEvent[]>;
  /** Connects to a TCP port of the box, on its loopback, and starts the box if need be. `NetworkError` when nothing listens. */
  connect(port: number, call?: CallOptions): Promise<ByteConnection>;
  /** Named copies of the box's disk. */
  readonly snapshots: SnapshotsBackend;
  /** A new box of the same options with a copy of the disk; one that runs stands still while it is copied. */
  clone(name: string | undefined, call?: MakeOptions): Promise<BoxBackend>;
  /** The box as an archive: its options, image and disk as they are now (docs/reference/box-archive.md). */
  export(call?: CallOptions): Promise<ReadableStream<Uint8Array>>;
}

/** A main command, which may not have been started yet. */
export interface MainExecution {
  /** What the execution is named, also before it is started. */
  readonly id: string;
  /** Resolves once it is started; rejects when that fails or the box goes. */
  readonly started: Promise<ExecutionBackend>;
}

/** The snapshots of one box; they go with it. */
export interface SnapshotsBackend {
  /** A box that runs stands still while its disk is copied. `AlreadyExistsError` when the box has one of that name. */
  create(name: string, call?: MakeOptions): Promise<SnapshotInfo>;
  /** Oldest first. */
  list(call?: CallOptions): Promise<readonly SnapshotInfo[]>;
  /** Null when there is none. */
  get(name: string, call?: CallOptions): Promise<SnapshotInfo | null>;
  /** `NotFoundError` when there is none. */
  remove(name: string, call?: CallOptions): Promise<void>;
  /** Puts the disk back as it was. `InvalidStateError` while the box runs. */
  restore(name: string, call?: CallOptions): Promise<void>;
}

/** Directories that outlive boxes. */
export interface VolumesBackend {
  /** `AlreadyExistsError` when the name is taken. */
  create(name: string | undefined, call?: MakeOptions): Promise<VolumeInfo>;
  /** Oldest first. */
  list(call?: CallOptions): Promise<readonly VolumeInfo[]>;
  /** By id or by name; null when there is none. */
  get(idOrName: string, call?: CallOptions): Promise<VolumeInfo | null>;
  /**
   * With all that is in it. `NotFoundError` when there is none, `InvalidStateError` when a box has it: `force` takes it
   * from boxes that do not run, which then cannot start.
   */
  remove(idOrName: string, options?: RemoveVolumeOptions, call?: CallOptions): Promise<void>;
}

/** Where a tar is unpacked, and how. */
export interface UploadOptions {
  /** Absolute, or relative to `/`. */
  readonly path: string;
  /** When false, a file that exists is an `AlreadyExistsError`. @default true */
  readonly overwrite?: boolean;
}

/** What is packed as a tar, and how. */
export interface DownloadOptions {
  /** Absolute, or relative to `/`; `NotFoundError` when there is none. */
  readonly path: string;
  /** @default false Packs what symbolic links point to instead of the links. */
  readonly followSymlinks?: boolean;
}

/** How many bytes of each stream a reader already has. */
export interface OutputCursor {
  /** Bytes of stdout. */
  readonly stdout: number;
  /** Bytes of stderr. */
  readonly stderr: number;
}

/** A piece of output. `offset` counts the bytes of that stream before this piece. */
export interface OutputChunk {
  /** Which stream it is of; on a terminal all of it is stdout. */
  readonly stream: 'stdout' | 'stderr';
  /** As the command wrote it: bytes, never decoded on the way. */
  readonly data: Uint8Array;
  /** How many bytes of this stream came before this piece. */
  readonly offset: number;
  /** Other readers of a backend may have this very memory, which is then to be read only. What `Execution` gives is never shared. */
  readonly shared?: true;
}

/** One execution, as `Execution` drives it. */
export interface ExecutionBackend {
  /** Names the execution within its box. */
  readonly id: string;
  /** How far it is, right now. */
  info(call?: CallOptions): Promise<ExecutionInfo>;
  /**
   * Every byte from the cursor on, in the order it was written, then ends once the execution has exited.
   * Throws `OutputTruncatedError` where bytes were dropped, `ExecutionLostError` where the exit is not known.
   */
  output(options?: ReadOutputOptions): AsyncIterable<OutputChunk>;
  /** Waits for the exit; `ExecutionLostError` when nobody knows it. */
  wait(call?: CallOptions): Promise<ExecutionInfo>;
  /** Resolves once the bytes are taken; `InvalidStateError` once stdin is closed or the execution has ended. */
  write(data: Uint8Array, call?: CallOptions): Promise<void>;
  /** Ends the command's input; `InvalidStateError` once the execution has ended. */
  closeStdin(call?: CallOptions): Promise<void>;
  /** How many bytes were written to stdin so far, before crashes too; undefined where nobody can tell. */
  stdinOffset(): number | undefined;
  /** `InvalidStateError` once it has ended. */
  signal(signal: number, call?: CallOptions): Promise<void>;
  /** Changes the size of the command's terminal; `InvalidStateError` without one. */
  resize(size: TerminalSize, call?: CallOptions): Promise<void>;
  /** What a reader without a cursor of its own has taken so far; kept with the output, for the next such reader. */
  taken(): OutputCursor;
  /** Says what such a reader has taken now. */
  take(cursor: OutputCursor): void;
  /** Kills it if it runs, and forgets it with its output; whoever reads it now gets the rest and the exit. */
  remove(call?: CallOptions): Promise<void>;
}
