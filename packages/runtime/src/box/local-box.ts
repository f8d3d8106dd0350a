import { join } from 'node:path';
import type {
  BoxBackend,
  BoxInfo,
  BoxMetrics,
  ByteConnection,
  CallOptions,
  DownloadOptions,
  ExecOptions,
  ExecutionInfo,
  FilesBackend,
  MainExecution,
  MakeOptions,
  NetworkEvent,
  SnapshotsBackend,
  UploadOptions,
} from 'boxlite/backend';
import { duplexConnection } from 'boxlite/host';
import { exportBox } from '../archive/export-box.ts';
import { streamOf } from '../archive/stream-of.ts';
import type { LocalExecution } from '../execution/local-execution.ts';
import type { GuestChannel } from '../guest/channel.ts';
import { boxSnapshots } from '../snapshot/box-snapshots.ts';
import type { SnapshotRecords } from '../snapshot/snapshot-records.ts';
import type { BoxRecord } from '../store/box-records.ts';
import { abortable } from './abortable.ts';
import { boxFiles } from './box-files.ts';
import type { BoxHome } from './box-home.ts';
import { BoxLife } from './box-life.ts';
import { BoxUsage } from './box-usage.ts';
import { checkExecOptions } from './check-options.ts';
import type { PreparedBox } from './prepared-box.ts';
import { absolute, receive, send } from './transfer.ts';

const sigkill = 9;

/** What a box's object needs of the runtime, beside what its life does. */
export interface LocalBoxHome extends BoxHome {
  readonly snapshots: SnapshotRecords;
  /** Keeps a box's layers from being deleted, until what it gives is called. */
  readonly lend: (record: BoxRecord) => () => void;
  readonly clone: (box: LocalBox, name: string | undefined, call: MakeOptions) => Promise<LocalBox>;
}

/** A box on this machine. */
export class LocalBox implements BoxBackend {
  readonly id: string;
  readonly name: string | undefined;
  readonly life: BoxLife;
  readonly snapshots: SnapshotsBackend;
  readonly files: FilesBackend;
  readonly #home: LocalBoxHome;
  readonly #usage: BoxUsage;

  constructor(home: LocalBoxHome, record: BoxRecord, prepared?: PreparedBox) {
    this.id = record.id;
    this.name = record.name;
    this.life = new BoxLife(home, record, prepared);
    this.#home = home;
    const { disks, snapshots: records } = home;
    const own = { boxId: this.id, folder: home.folder(this.id), life: this.life };
    this.snapshots = boxSnapshots({ ...own, disks, records });
    this.#usage = new BoxUsage(home.engine, record.id);
    const { executions } = this.life;
    this.files = boxFiles({
      use: () => this.life.use(),
      live: (call) => this.#live(call),
      nextNumber: () => executions.nextNumber(),
      addBytesIn: (bytes) => executions.addBytesIn(bytes),
      addBytesOut: (bytes) => executions.addBytesOut(bytes),
    });
  }

  get snapshot(): BoxInfo {
    return this.life.info;
  }

  async info(call: CallOptions = {}): Promise<BoxInfo> {
    this.#enter(call);
    return this.life.info;
  }

  async start(call: CallOptions = {}): Promise<BoxInfo> {
    this.#enter(call);
    return abortable(this.life.start(), call.signal);
  }

  async stop(options: { readonly timeoutMs?: number } = {}, call: CallOptions = {}): Promise<BoxInfo> {
    this.#enter(call);
    return abortable(this.life.stop(options.timeoutMs ?? 30_000), call.signal);
  }

  async restart(options: { readonly timeoutMs?: number } = {}, call: CallOptions = {}): Promise<BoxInfo> {
    this.#enter(call);
    return abortable(this.life.restart(options.timeoutMs ?? 30_000), call.signal);
  }

  async pause(call: CallOptions = {}): Promise<BoxInfo> {
    this.#enter(call);
    return abortable(this.life.pause(), call.signal);
  }

  async resume(call: CallOptions = {}): Promise<BoxInfo> {
    this.#enter(call);
    return abortable(this.life.resume(), call.signal);
  }

  async exec(options: ExecOptions, call: MakeOptions = {}): Promise<LocalExecution> {
    checkExecOptions(options);
    const starting = this.life.executions.start(await this.#live(call), options, undefined, call);
    try {
      return await abortable(starting, call.signal);
    } catch (error) {
      // Nobody will ever hold it, so nobody else could end it.
      if (call.signal?.aborted) starting.then((execution) => execution.signal(sigkill)).catch(() => {});
      throw error;
    }
  }

  async executions(call: CallOptions = {}): Promise<readonly ExecutionInfo[]> {
    this.#enter(call);
    return this.life.executions.list();
  }

  async main(call: CallOptions = {}): Promise<MainExecution> {
    this.#enter(call);
    return abortable(this.life.main(), call.signal);
  }

  async execution(id: string, call: CallOptions = {}): Promise<LocalExecution> {
    this.#enter(call);
    return this.life.executions.get(id);
  }

  async upload(tar: ReadableStream<Uint8Array>, options: UploadOptions, call: CallOptions = {}): Promise<void> {
    const argv = ['tar-in', absolute(options.path), (options.overwrite ?? true) ? '1' : '0'];
    const { executions } = this.life;
    const used = this.life.use();
    try {
      const channel = await this.#live(call);
      executions.addBytesIn(await send(channel, executions.nextNumber(), argv, tar, { signal: call.signal }));
    } finally {
      used();
    }
  }

  async download(options: DownloadOptions, call: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const argv = ['tar-out', absolute(options.path), options.followSymlinks ? '1' : '0'];
    const { executions } = this.life;
    const used = this.life.use();
    try {
      return await receive(await this.#live(call), executions.nextNumber(), argv, {
        signal: call.signal,
        onBytes: (bytes) => executions.addBytesOut(bytes),
        onEnd: used,
      });
    } catch (error) {
      used();
      throw error;
    }
  }

  /** Does not start the box: counters are there without it. */
  async metrics(call: CallOptions = {}): Promise<BoxMetrics> {
    this.#enter(call);
    this.life.executions.flushCounts();
    const { counters, timing } = this.life.state.read();
    const [usage, network] = await Promise.all([this.#usage.now(), this.life.network.usage()]);
    return {
      commandsExecutedTotal: counters.commands,
      execErrorsTotal: counters.execErrors,
      bytesSentTotal: counters.bytesIn,
      bytesReceivedTotal: counters.bytesOut,
      ...usage,
      networkBytesSent: network?.bytesSent,
      networkBytesReceived: network?.bytesReceived,
      networkTcpConnections: network?.connectionsOpen,
      networkTcpErrors: network && network.connectionsRefused + network.connectionsFailed,
      bootTiming: timing,
    };
  }

  async clone(name: string | undefined, call: MakeOptions = {}): Promise<LocalBox> {
    this.#enter(call);
    return this.#home.clone(this, name, call);
  }

  async export(call: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    this.#enter(call);
    const { disks, folder, lend } = this.#home;
    const stage = await disks.stages.make();
    const record = { ...this.life.state.record };
    const giveBack = lend(record);
    const done = async (): Promise<void> => {
      giveBack();
      await disks.stages.drop(stage);
    };
    const copying = this.life.whileStill(() => disks.copy(folder(this.id), join(stage, 'copy')));
    try {
      await abortable(copying, call.signal);
      return streamOf(exportBox(record, stage, disks), done);
    } catch (error) {
      copying.catch(() => {}).finally(() => done().catch(() => {}));
      throw error;
    }
  }

  /** Does not start the box: one that does not run has refused nothing. */
  async networkEvents(
    options: { readonly after?: number } = {},
    call: CallOptions = {},
  ): Promise<readonly NetworkEvent[]> {
    this.#enter(call);
    return abortable(this.life.network.events(options.after ?? 0), call.signal);
  }

  async connect(port: number, call: CallOptions = {}): Promise<ByteConnection> {
    this.life.network.assertInbound();
    // Once it is there, the network knows that the box is in use.
    const used = this.life.use();
    try {
      await this.#live(call);
      const stream = await this.life.network.dial(port, call.signal);
      return duplexConnection(stream, () => stream.assertWhole());
    } finally {
      used();
    }
  }

  async #live(call: CallOptions): Promise<GuestChannel> {
    this.#enter(call);
    return abortable(this.life.live(), call.signal);
  }

  #enter(call: CallOptions): void {
    call.signal?.throwIfAborted();
    this.life.assertHere();
  }
}
