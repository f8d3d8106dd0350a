import { existsSync } from 'node:fs';
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
import { BoxliteError, boxNotFound, InvalidArgumentError, StoppedError } from 'boxlite/backend';
import { abortable } from './box/abortable.ts';
import { boxInfo } from './box/box-info.ts';
import { BoxMaker, type BoxMakerParts } from './box/box-maker.ts';
import { optionsOn } from './box/box-network.ts';
import { checkBoxName, checkBoxOptions } from './box/check-options.ts';
import { LocalBox, type LocalBoxHome } from './box/local-box.ts';
import { madeFor } from './box/made-for.ts';
import type { PreparedBox } from './box/prepared-box.ts';
import { sweepBoxes } from './box/sweep-boxes.ts';
import { within } from './box/within.ts';
import { runtimeConfig } from './config.ts';
import { sweepDisks } from './disk/sweep-disks.ts';
import { sweepAbandonedMounts } from './engine/abandoned-mounts.ts';
import type { OutputRetention } from './execution/output-retention.ts';
import { OutputSweeper } from './execution/output-sweeper.ts';
import type { ImageStore } from './images/images.ts';
import { poolTenant, WarmPool, warmMetrics } from './pool/warm-pool.ts';
import type { BoxRecord } from './store/box-records.ts';
import { readEvents } from './store/read-events.ts';
import { runtimeMetrics, totalMetrics } from './store/runtime-metrics.ts';
import type { Store } from './store/store.ts';
import { tenantRuntime } from './tenant-runtime.ts';
import type { ManagedVolumes } from './volume/volumes.ts';

const adoptedAtOnce = 8;

export interface LocalRuntimeParts
  extends Omit<LocalBoxHome, 'assertOpen' | 'removed' | 'clone' | 'volumePath'>,
    Pick<BoxMakerParts, 'images' | 'importedLayers' | 'makeImage' | 'maxBoxes'> {
  readonly volumes: (assertOpen: () => void) => ManagedVolumes;
  readonly outputRetention: OutputRetention;
  readonly store: Store;
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
  readonly #maker: BoxMaker;
  #warm: WarmPool | undefined;
  #closing: Promise<void> | undefined;
  #sweeper: OutputSweeper | undefined;

  constructor(parts: LocalRuntimeParts) {
    this.#parts = parts;
    this.images = parts.images;
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
    this.#maker = new BoxMaker({
      ...parts,
      volumes: this.volumes,
      warm: () => this.#warm,
      held: (record, prepared) => this.#held(record, prepared),
    });
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
    const { store, networks } = this.#parts;
    await sweepAbandonedMounts(networks.host, (id) => store.boxes.byId(id) !== undefined).catch(() => {});
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
    return madeFor({ name, signal: call.signal }, this.#made(this.#maker.create({ tenant, name }, given, call)));
  }

  async importBox(
    tenant: string,
    archive: ReadableStream<Uint8Array>,
    name: string | undefined,
    call: MakeOptions = {},
  ): Promise<LocalBox> {
    this.#enter(call);
    checkBoxName(name);
    return madeFor({ name, signal: call.signal }, this.#made(this.#maker.import({ tenant, name }, archive, call)));
  }

  async getOrCreate(
    tenant: string,
    options: BoxOptions,
    name: string,
    call: MakeOptions = {},
  ): Promise<{ box: LocalBox; created: boolean }> {
    this.#enter(call);
    checkBoxName(name);
    const look = (): Promise<LocalBox> | undefined => this.#maker.underWay({ tenant, name });
    for (let making = look(); making; making = look()) {
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
    if (!box) throw boxNotFound(idOrName);
    await abortable(box.life.remove(options.force ?? false), call.signal);
  }

  async metrics(tenant: string, call: CallOptions = {}): Promise<RuntimeMetrics> {
    this.#enter(call);
    // Whose the pool is: to others it would tell when boxes are made.
    return {
      ...runtimeMetrics(this.#parts.store, tenant),
      ...warmMetrics(tenant === poolTenant ? this.#warm : undefined),
    };
  }

  /** Of every tenant together. */
  async totals(call: CallOptions = {}): Promise<RuntimeMetrics> {
    this.#enter(call);
    return { ...totalMetrics(this.#parts.store), ...warmMetrics(this.#warm) };
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
    await Promise.all([this.#warm?.close(), this.#sweeper?.stop()]);
    // What is being made ends: its image is not waited for, its box is not started.
    await Promise.all([this.images.close(), within(this.#maker.settled(), timeoutMs)]);
    const running = [...this.#boxes.values()].filter(({ life }) => life.isRunning || life.isBusy);
    const left = await Promise.allSettled(running.map((box) => box.life.leave(timeoutMs)));
    await this.#parts.close();
    for (const result of left) if (result.status === 'rejected') throw result.reason;
  }

  async #clone(source: LocalBox, name: string | undefined, call: MakeOptions): Promise<LocalBox> {
    checkBoxName(name);
    const { tenant } = source.life.state.record;
    return madeFor({ name, signal: call.signal }, this.#made(this.#maker.clone({ tenant, name }, source, call)));
  }

  /** What is made while the runtime is shut down may find anything gone that it stands on. */
  async #made(box: Promise<LocalBox>): Promise<LocalBox> {
    try {
      return await box;
    } catch (error) {
      if (!this.#closing || error instanceof BoxliteError) throw error;
      throw new StoppedError('the runtime was shut down meanwhile; open a new one', { cause: error });
    }
  }

  #held(record: BoxRecord, prepared?: PreparedBox): LocalBox {
    const known = this.#boxes.get(record.id);
    if (known) return known;
    const box = new LocalBox(this.#home, record, prepared);
    this.#boxes.set(record.id, box);
    return box;
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
