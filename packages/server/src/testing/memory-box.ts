import { once } from 'node:events';
import { connect } from 'node:net';
import {
  type BoxBackend,
  type BoxInfo,
  type BoxMetrics,
  type BoxOptions,
  type ByteConnection,
  type DownloadOptions,
  type ExecOptions,
  ExecutionError,
  type ExecutionInfo,
  type MainExecution,
  type MakeOptions,
  NetworkError,
  type NetworkEvent,
  type NetworkInfo,
  NotFoundError,
  type SnapshotsBackend,
  type UploadOptions,
} from 'boxlite/backend';
import { duplexConnection } from 'boxlite/host';
import { memorySnapshots } from './memory-disks.ts';
import { MemoryExecution } from './memory-execution.ts';
import { memoryFiles } from './memory-files.ts';

const pieceBytes = 64 * 1024;

/** A box that runs nothing. Downloading `/bytes/N` gives N bytes, `/broken` fails after its first piece. */
export class MemoryBox implements BoxBackend {
  readonly id: string;
  readonly name: string | undefined;
  readonly options: BoxOptions;
  readonly started: MemoryExecution[] = [];
  readonly uploads: { path: string; overwrite: boolean | undefined; bytes: number; error?: unknown }[] = [];
  readonly snapshots: SnapshotsBackend;
  readonly files: ReturnType<typeof memoryFiles> = memoryFiles();
  readonly refusals: NetworkEvent[] = [];
  stopTimeoutMs: number | undefined;
  /** Pieces of downloads that are under way. */
  downloads = 0;
  readonly #awaitingMain: ((execution: MemoryExecution) => void)[] = [];
  #status: BoxInfo['status'] = 'configured';
  #createdAt = new Date();

  constructor(id: string, name: string | undefined, options: BoxOptions) {
    this.id = id;
    this.name = name;
    this.options = options;
    this.snapshots = memorySnapshots(id);
  }

  get snapshot(): BoxInfo {
    return {
      id: this.id,
      name: this.name,
      status: this.#status,
      createdAt: this.#createdAt,
      updatedAt: this.#createdAt,
      pid: this.#status === 'running' ? 4711 : undefined,
      image: this.options.image ?? 'alpine:latest',
      cpus: this.options.cpus ?? 1,
      memoryMib: this.options.memoryMib ?? 512,
      autoRemove: this.options.autoRemove ?? true,
      labels: this.options.labels ?? {},
      network: this.#network,
    };
  }

  get #network(): NetworkInfo {
    const { network = 'isolated' } = this.options;
    const { allow = undefined, inbound = network !== 'none' } = typeof network === 'object' ? network : {};
    return { mode: network === 'none' ? 'none' : 'isolated', allow, inbound, ports: [] };
  }

  async info(): Promise<BoxInfo> {
    return this.snapshot;
  }

  async start(): Promise<BoxInfo> {
    this.#status = 'running';
    return this.snapshot;
  }

  async stop(options: { readonly timeoutMs?: number } = {}): Promise<BoxInfo> {
    this.stopTimeoutMs = options.timeoutMs;
    if (this.#status === 'running') this.#status = 'stopped';
    return this.snapshot;
  }

  async restart(options: { readonly timeoutMs?: number } = {}): Promise<BoxInfo> {
    this.stopTimeoutMs = options.timeoutMs;
    this.#status = 'running';
    return this.snapshot;
  }

  async pause(): Promise<BoxInfo> {
    this.#status = 'paused';
    return this.snapshot;
  }

  async resume(): Promise<BoxInfo> {
    this.#status = 'running';
    return this.snapshot;
  }

  async exec(options: ExecOptions, { onId }: MakeOptions = {}): Promise<MemoryExecution> {
    if (options.command === 'missing') throw new ExecutionError('command not found: missing');
    if (options.command === 'crash') throw new TypeError('secret internals');
    this.#status = 'running';
    const execution = new MemoryExecution(`E${this.started.length + 1}`, options);
    onId?.(execution.id);
    this.started.push(execution);
    for (const resolve of this.#awaitingMain.splice(0)) resolve(execution);
    return execution;
  }

  async executions(): Promise<readonly ExecutionInfo[]> {
    return Promise.all(this.started.map((execution) => execution.info()));
  }

  async execution(id: string): Promise<MemoryExecution> {
    const found = this.started.find((execution) => execution.id === id && !execution.removed);
    if (!found) throw new NotFoundError(`the box has no execution ${id}`);
    return found;
  }

  /** The first command that runs is it. */
  async main(): Promise<MainExecution> {
    const started = this.started[0] ?? new Promise<MemoryExecution>((resolve) => this.#awaitingMain.push(resolve));
    return { id: 'E1', started: Promise.resolve(started) };
  }

  async upload(tar: ReadableStream<Uint8Array>, options: UploadOptions): Promise<void> {
    const upload: (typeof this.uploads)[number] = { path: options.path, overwrite: options.overwrite, bytes: 0 };
    this.uploads.push(upload);
    try {
      for await (const piece of tar) upload.bytes += piece.byteLength;
    } catch (error) {
      upload.error = error;
      throw error;
    }
  }

  async download(options: DownloadOptions): Promise<ReadableStream<Uint8Array>> {
    const total = options.path === '/broken' ? 1 : Number(/^\/bytes\/(\d+)$/.exec(options.path)?.[1] ?? Number.NaN);
    if (Number.isNaN(total)) throw new NotFoundError(`no such path in the box: ${options.path}`);
    const piece = new Uint8Array(pieceBytes);
    let sent = 0;
    this.downloads++;
    return new ReadableStream(
      {
        pull: (controller) => {
          if (options.path === '/broken' && sent > 0) throw new Error('the disk broke');
          if (sent >= total) {
            this.downloads--;
            return controller.close();
          }
          const length = Math.min(pieceBytes, total - sent);
          sent += length;
          controller.enqueue(piece.slice(0, length));
        },
        cancel: () => {
          this.downloads--;
        },
      },
      { highWaterMark: 0 },
    );
  }

  async clone(name: string | undefined, _call?: MakeOptions): Promise<MemoryBox> {
    return new MemoryBox(`${this.id.slice(0, -1)}C`, name, this.options);
  }

  async export(): Promise<ReadableStream<Uint8Array>> {
    return new Blob([`BOXLITE-ARCHIVE\narchive of ${this.id}`]).stream();
  }

  async networkEvents({ after = 0 }: { readonly after?: number } = {}): Promise<readonly NetworkEvent[]> {
    return this.refusals.filter(({ sequence }) => sequence > after);
  }

  /** To a port of this host. */
  async connect(port: number): Promise<ByteConnection> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    try {
      await once(socket, 'connect');
    } catch (cause) {
      throw new NetworkError(`nothing in box ${this.id} listens on port ${port}`, { cause });
    }
    return duplexConnection(socket);
  }

  async metrics(): Promise<BoxMetrics> {
    return {
      commandsExecutedTotal: this.started.length,
      execErrorsTotal: 0,
      bytesSentTotal: 0,
      bytesReceivedTotal: 0,
      cpuPercent: 12.5,
      memoryBytes: undefined,
      networkBytesSent: undefined,
      networkBytesReceived: undefined,
      networkTcpConnections: undefined,
      networkTcpErrors: undefined,
      bootTiming: { totalCreateMs: 3 },
    };
  }
}
