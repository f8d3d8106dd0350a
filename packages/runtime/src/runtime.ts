import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type {
  BoxOptions,
  BoxPage,
  CallOptions,
  EventsOptions,
  ListBoxesOptions,
  MakeOptions,
  RuntimeBackend,
  RuntimeConfig,
  RuntimeEvent,
  RuntimeMetrics,
  WarmOptions,
} from 'boxlite/backend';
import { InvalidArgumentError, NotFoundError, ResourceExhaustedError, StoppedError } from 'boxlite/backend';
import { unpackArchive } from './archive/import-box.ts';
import type { ImportedLayers } from './archive/imported-layers.ts';
import { type MadeOf, madeOf } from './archive/made-of.ts';
import { abortable } from './box/abortable.ts';
import { boxInfo } from './box/box-info.ts';
import { optionsOn } from './box/box-network.ts';
import { boxRoot } from './box/box-root.ts';
import { checkBoxName, checkBoxOptions } from './box/check-options.ts';
import { LocalBox, type LocalBoxHome } from './box/local-box.ts';
import { type Making, making } from './box/making.ts';
import type { PreparedBox } from './box/prepared-box.ts';
import { sweepBoxes } from './box/sweep-boxes.ts';
import { runtimeConfig } from './config.ts';
import { sweepDisks } from './disk/sweep-disks.ts';
import type { OutputRetention } from './execution/output-retention.ts';
import { OutputSweeper } from './execution/output-sweeper.ts';
import type { ImageStore, ReadyImage } from './images/images.ts';
import { WarmPool } from './pool/warm-pool.ts';
import type { BoxRecord } from './store/box-records.ts';
import { newBoxRecord } from './store/new-box-record.ts';
import { readEvents } from './store/read-events.ts';
import { runtimeMetrics, totalMetrics } from './store/runtime-metrics.ts';
import type { Store } from './store/store.ts';
import { tenantRuntime } from './tenant-runtime.ts';
import { withRealPaths } from './volume/real-paths.ts';
import type { ManagedVolumes } from './volume/volumes.ts';

const adoptedAtOnce = 8;

export interface LocalRuntimeParts extends Omit<LocalBoxHome, 'assertOpen' | 'removed' | 'clone' | 'volumePath'> {
  readonly images: ImageStore;
  readonly importedLayers: ImportedLayers;
  readonly volumes: (assertOpen: () => void) => ManagedVolumes;
  readonly outputRetention: OutputRetention;
  /** Makes a disk with a size. */
  readonly makeImage: (image: string, sizeGb: number) => Promise<void>;
  readonly store: Store;
  /** Most boxes of one tenant. */
  readonly maxBoxes: number;
  readonly warm: readonly WarmOptions[];
  /** Lets go of what the runtime was made of. */
  readonly close: () => Promise<void>;
}

/** The local backend: the boxes of every tenant on this machine, in this process. */
export class LocalRuntime {
  readonly images: ImageStore;
  readonly volumes: ManagedVolumes;
  readonly #parts: LocalRuntimeParts;
  readonly #home: LocalBoxHome;
  readonly #boxes = new Map<string, LocalBox>();
  readonly #making: Making;
  #warm: WarmPool | undefined;
  #closing: Promise<void> | undefined;
  #sweeper: OutputSweeper | undefined;

  constructor(parts: LocalRuntimeParts) {
    this.#parts = parts;
    this.images = parts.images;
    this.#making = making(parts.store.boxes);
    const assertOpen = (): void => this.#open();
    this.volumes = parts.volumes(assertOpen);
    this.#home = {
      ...parts,
      assertOpen,
      volumePath: this.volumes.path,
      clone: (box, name, call) => this.#clone(box, name, call),
      removed: (id) => {
        this.#boxes.delete(id);
        parts.importedLayers.sweep().catch(() => {});
      },
    };
  }

  /** The runtime as a tenant has it. */
  tenant(name: string): RuntimeBackend {
    return tenantRuntime(this, name);
  }

  /** Takes up what a former process left on this home directory. */
  async recover(): Promise<void> {
    await sweepDisks({ ...this.#parts, volumes: this.volumes });
    // One that was never started has no folder; any other may have been left in the middle of a start, stop or removal.
    const left = this.#parts.store.boxes
      .all()
      .filter(({ id, status }) => status !== 'configured' || existsSync(this.#home.folder(id)));
    const adopt = async (): Promise<void> => {
      for (let record = left.shift(); record; record = left.shift()) await this.#held(record).life.adopt();
    };
    await Promise.all([...Array.from({ length: adoptedAtOnce }, adopt), sweepBoxes(this.#parts)]);
    this.#warm = new WarmPool({ ...this.#parts, volumePath: this.volumes.path }, this.#parts.warm);
    this.#sweeper = this.#sweepOutput();
  }

  #sweepOutput(): OutputSweeper {
    const { outputRetention: retention, store, folder } = this.#parts;
    return new OutputSweeper({
      retention,
      boxes: dirname(folder('id')),
      running: (box, id) => this.#boxes.get(box)?.life.executions.running(id) !== undefined,
      forget: async (box, ...which) => {
        const record = this.#closing ? undefined : store.boxes.byId(box);
        return record ? this.#held(record).life.executions.forgetOutput(...which) : false;
      },
    });
  }

  async create(
    tenant: string,
    options: BoxOptions,
    name: string | undefined,
    call: MakeOptions = {},
  ): Promise<LocalBox> {
    this.#enter(call);
    checkBoxName(name);
    checkBoxOptions(options);
    const { engine } = this.#home;
    engine.checkOptions(options);
    const given = optionsOn(engine, options);
    return abortable(
      this.#make(tenant, name, () => this.#prepare(tenant, given, name, call)),
      call.signal,
    );
  }

  async importBox(
    tenant: string,
    archive: ReadableStream<Uint8Array>,
    name: string | undefined,
    call: MakeOptions = {},
  ): Promise<LocalBox> {
    this.#enter(call);
    checkBoxName(name);
    return abortable(
      this.#make(tenant, name, () => this.#import(tenant, archive, name, call)),
      call.signal,
    );
  }

  async getOrCreate(
    tenant: string,
    options: BoxOptions,
    name: string,
    call: MakeOptions = {},
  ): Promise<{ box: LocalBox; created: boolean }> {
    this.#enter(call);
    checkBoxName(name);
    for (let making = this.#making.get(tenant, name); making; making = this.#making.get(tenant, name)) {
      // One that fails is the failure of who asked for it: the next to look makes its own.
      const made = making.catch(() => undefined);
      const box = await abortable(made, call.signal);
      if (box) return { box, created: false };
    }
    // Nothing is waited for between this look and the place that `create` takes at the name.
    const record = this.#parts.store.boxes.get(tenant, name);
    return record
      ? { box: this.#held(record), created: false }
      : { box: await this.create(tenant, options, name, call), created: true };
  }

  async get(tenant: string, idOrName: string, call: CallOptions = {}): Promise<LocalBox | null> {
    this.#enter(call);
    // One that is held is there: a removed box is held no more.
    const held = this.#boxes.get(idOrName);
    if (held?.life.state.record.tenant === tenant) return held;
    const record = this.#parts.store.boxes.get(tenant, idOrName);
    return record ? this.#held(record) : null;
  }

  async list(tenant: string, options: ListBoxesOptions = {}, call: CallOptions = {}): Promise<BoxPage> {
    this.#enter(call);
    const { pageSize } = options;
    if (pageSize !== undefined && (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 1000)) {
      throw new InvalidArgumentError(`pageSize must be a whole number from 1 to 1000, not ${pageSize}`);
    }
    const { records, nextPageToken } = this.#parts.store.boxes.list(tenant, options);
    return { boxes: records.map((record) => this.#boxes.get(record.id)?.snapshot ?? boxInfo(record)), nextPageToken };
  }

  async remove(
    tenant: string,
    idOrName: string,
    options: { readonly force?: boolean } = {},
    call: CallOptions = {},
  ): Promise<void> {
    const box = await this.get(tenant, idOrName, call);
    if (!box) throw new NotFoundError(`box not found: ${idOrName}`);
    await abortable(box.life.remove(options.force ?? false), call.signal);
  }

  async metrics(tenant: string, call: CallOptions = {}): Promise<RuntimeMetrics> {
    this.#enter(call);
    return { ...runtimeMetrics(this.#parts.store, tenant), numWarmBoxes: this.#warm?.ready ?? 0 };
  }

  /** Of every tenant together. */
  async totals(call: CallOptions = {}): Promise<RuntimeMetrics> {
    this.#enter(call);
    return { ...totalMetrics(this.#parts.store), numWarmBoxes: this.#warm?.ready ?? 0 };
  }

  events(tenant: string, options: EventsOptions = {}): AsyncIterable<RuntimeEvent> {
    const { events, changed } = this.#parts.store;
    return readEvents({ events, tenant, changed, assertOpen: () => this.#open() }, options);
  }

  async check(call: CallOptions = {}): Promise<void> {
    this.#enter(call);
    this.#parts.store.assertWritable();
    await abortable(this.#parts.networks.host.clearUndo('check'), call.signal);
  }

  async config(call: CallOptions = {}): Promise<RuntimeConfig> {
    call.signal?.throwIfAborted();
    return runtimeConfig(this.#home.engine, this.#parts.maxBoxes, this.#parts.outputRetention);
  }

  shutdown(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#shutdown(options.timeoutMs ?? 10_000);
    return this.#closing;
  }

  async #shutdown(timeoutMs: number): Promise<void> {
    this.#parts.store.changed.notify();
    await Promise.all([this.#making.settled(), this.#sweeper?.stop()]);
    await this.#warm?.close();
    const running = [...this.#boxes.values()].filter(({ life }) => life.isRunning || life.isBusy);
    const left = await Promise.allSettled(running.map((box) => box.life.leave(timeoutMs)));
    await this.#parts.close();
    for (const result of left) if (result.status === 'rejected') throw result.reason;
  }

  #make(tenant: string, name: string | undefined, make: () => Promise<LocalBox>): Promise<LocalBox> {
    this.#checkRoom(tenant);
    return this.#making.make(tenant, name, make);
  }

  async #prepare(
    tenant: string,
    options: BoxOptions,
    name: string | undefined,
    { onId }: MakeOptions,
  ): Promise<LocalBox> {
    const began = performance.now();
    const taken = this.volumes.take(tenant, await withRealPaths(options));
    // Until the box is stored, only this keeps its image from being removed.
    using holding = new DisposableStack();
    const root = await boxRoot(taken, this.#parts.images.of(tenant), holding);
    const record = this.#record(tenant, name, { ...root, options: taken });
    const prepared = this.#warm?.take(record);
    const own = prepared ? { ...record, id: prepared.record.id } : record;
    try {
      onId?.(own.id);
      return this.#insert(own, performance.now() - began, prepared);
    } catch (error) {
      await prepared?.destroy();
      throw error;
    } finally {
      prepared?.holding[Symbol.dispose]();
    }
  }

  #record(tenant: string, name: string | undefined, made: MadeOf): BoxRecord {
    return newBoxRecord({ tenant, name, detachAll: this.#parts.detachAll, ...made });
  }

  #insert(record: BoxRecord, imagePrepareMs: number, prepared?: PreparedBox): LocalBox {
    const { boxes, counters } = this.#parts.store;
    // Others may have been made meanwhile.
    this.#checkRoom(record.tenant);
    boxes.insert(record);
    counters.add(record.tenant, 'boxes_created');
    const timing = { imagePrepareMs };
    return this.#held(boxes.update(record.id, { status: 'configured', pid: undefined, timing }), prepared);
  }

  async #clone(source: LocalBox, name: string | undefined, call: MakeOptions): Promise<LocalBox> {
    checkBoxName(name);
    const { disks, folder } = this.#parts;
    const copy = (): Promise<LocalBox> =>
      disks.stages.use(async (stage) => {
        const { id, tenant, image, imageId, rootfs, defaults, options } = source.life.state.record;
        await disks.copy(folder(id), join(stage, 'copy'));
        const made = (): MadeOf => ({ image, imageId, rootfs, defaults, options });
        return this.#settle(tenant, join(stage, 'copy'), name, made, call);
      });
    return abortable(
      this.#make(source.life.state.record.tenant, name, () => source.life.whileStill(copy)),
      call.signal,
    );
  }

  async #import(
    tenant: string,
    archive: ReadableStream<Uint8Array>,
    name: string | undefined,
    call: MakeOptions,
  ): Promise<LocalBox> {
    const { disks, engine, images, makeImage, importedLayers } = this.#parts;
    using holding = new DisposableStack();
    const findImage = async (digest: string): Promise<ReadyImage | undefined> => {
      const image = await images
        .of(tenant)
        .ready(digest)
        .catch(() => undefined);
      return image && holding.use(image);
    };
    return await disks.stages.use(async (stage) => {
      const parts = await unpackArchive(archive, {
        stage,
        disks,
        makeImage,
        findImage,
        check: engine.checkOptions,
      });
      const { layers, box, image } = parts;
      if (image) return this.#settle(tenant, box, name, () => madeOf(parts, image.info.id, image.layers), call);
      return importedLayers.adopt(layers, (paths) =>
        this.#settle(tenant, box, name, () => madeOf(parts, undefined, paths), call),
      );
    });
  }

  /** Makes a finished folder a box's; without the record that comes last, the next start deletes it. */
  async #settle(
    tenant: string,
    from: string,
    name: string | undefined,
    made: () => MadeOf,
    { onId }: MakeOptions,
  ): Promise<LocalBox> {
    const record = this.#record(tenant, name, made());
    const folder = this.#parts.folder(record.id);
    await rename(from, folder);
    try {
      onId?.(record.id);
      return this.#insert(record, 0);
    } catch (error) {
      await this.#parts.disks.drop(folder);
      throw error;
    }
  }

  #held(record: BoxRecord, prepared?: PreparedBox): LocalBox {
    const known = this.#boxes.get(record.id);
    if (known) return known;
    const box = new LocalBox(this.#home, record, prepared);
    this.#boxes.set(record.id, box);
    return box;
  }

  #checkRoom(tenant: string): void {
    const { store, maxBoxes } = this.#parts;
    if (store.boxes.count(tenant) < maxBoxes) return;
    throw new ResourceExhaustedError(`there are ${maxBoxes} boxes, which is the most here; remove one first`);
  }

  #enter(call: CallOptions): void {
    call.signal?.throwIfAborted();
    this.#open();
  }

  #open(): void {
    if (this.#closing) throw new StoppedError('the runtime is shut down; open a new one');
  }
}

/** The folder of a box in a home directory. */
export function boxFolder(homeDir: string, id: string): string {
  return join(homeDir, 'boxes', id);
}
