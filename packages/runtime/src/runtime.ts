import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type {
  BoxOptions,
  BoxPage,
  CallOptions,
  ListBoxesOptions,
  RuntimeBackend,
  RuntimeConfig,
  RuntimeMetrics,
} from 'boxlite/backend';
import { AlreadyExistsError, InvalidArgumentError, NotFoundError, StoppedError } from 'boxlite/backend';
import { abortable } from './box/abortable.ts';
import { destroyBox } from './box/box-body.ts';
import type { BoxHome } from './box/box-home.ts';
import { boxInfo } from './box/box-info.ts';
import { checkBoxName, checkBoxOptions } from './box/check-options.ts';
import { LocalBox } from './box/local-box.ts';
import { runtimeConfig } from './config.ts';
import { isUlid, ulid } from './id/ulid.ts';
import type { ImageStore } from './images/images.ts';
import type { BoxDefaults, BoxRecord } from './store/box-records.ts';
import type { Store } from './store/store.ts';

const defaultImage = 'alpine:latest';
const adoptedAtOnce = 8;

export interface LocalRuntimeParts extends Omit<BoxHome, 'assertOpen' | 'removed'> {
  readonly images: ImageStore;
  readonly store: Store;
  /** Lets go of what the runtime was made of. */
  readonly close: () => Promise<void>;
}

/** The local backend: boxes on this machine, in this process. */
export class LocalRuntime implements RuntimeBackend {
  readonly images: ImageStore;
  readonly #parts: LocalRuntimeParts;
  readonly #home: BoxHome;
  readonly #boxes = new Map<string, LocalBox>();
  /** Names of boxes that are being made, each with the promise of its box. */
  readonly #making = new Map<string, Promise<LocalBox>>();
  #closing: Promise<void> | undefined;

  constructor(parts: LocalRuntimeParts) {
    this.#parts = parts;
    this.images = parts.images;
    this.#home = { ...parts, assertOpen: () => this.#open(), removed: (id) => this.#boxes.delete(id) };
  }

  /** Takes up what a former process left on this home directory. */
  async recover(): Promise<void> {
    // One that was never started has no folder; any other may have been left in the middle of a start, stop or removal.
    const left = this.#parts.store.boxes
      .all()
      .filter(({ id, status }) => status !== 'configured' || existsSync(this.#home.folder(id)));
    const adopt = async (): Promise<void> => {
      for (let record = left.shift(); record; record = left.shift()) await this.#held(record).life.adopt();
    };
    await Promise.all([...Array.from({ length: adoptedAtOnce }, adopt), this.#sweep()]);
  }

  /** Deletes what is left of boxes that were removed. What cannot be deleted now is tried again the next time. */
  async #sweep(): Promise<void> {
    const { store, engine } = this.#parts;
    for (const id of await readdir(dirname(this.#home.folder('id')))) {
      if (isUlid(id) && !store.boxes.get(id))
        await destroyBox(engine, { id, folder: this.#home.folder(id) }).catch(() => {});
    }
  }

  async create(options: BoxOptions, name: string | undefined, call: CallOptions = {}): Promise<LocalBox> {
    this.#enter(call);
    checkBoxName(name);
    checkBoxOptions(options);
    if (name !== undefined && (this.#making.has(name) || this.#parts.store.boxes.get(name))) {
      throw new AlreadyExistsError(`a box named ${name} exists already; choose another name or remove it`);
    }
    return abortable(this.#make(options, name), call.signal);
  }

  async getOrCreate(
    options: BoxOptions,
    name: string,
    call: CallOptions = {},
  ): Promise<{ box: LocalBox; created: boolean }> {
    this.#enter(call);
    checkBoxName(name);
    const making = this.#making.get(name);
    if (making) return { box: await abortable(making, call.signal), created: false };
    const found = await this.get(name);
    return found ? { box: found, created: false } : { box: await this.create(options, name, call), created: true };
  }

  async get(idOrName: string, call: CallOptions = {}): Promise<LocalBox | null> {
    this.#enter(call);
    const record = this.#parts.store.boxes.get(idOrName);
    return record ? this.#held(record) : null;
  }

  async list(options: ListBoxesOptions = {}, call: CallOptions = {}): Promise<BoxPage> {
    this.#enter(call);
    const { pageSize } = options;
    if (pageSize !== undefined && (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 1000)) {
      throw new InvalidArgumentError(`pageSize must be a whole number from 1 to 1000, not ${pageSize}`);
    }
    const { records, nextPageToken } = this.#parts.store.boxes.list(options);
    return { boxes: records.map((record) => this.#boxes.get(record.id)?.snapshot ?? boxInfo(record)), nextPageToken };
  }

  async remove(idOrName: string, options: { readonly force?: boolean } = {}, call: CallOptions = {}): Promise<void> {
    const box = await this.get(idOrName, call);
    if (!box) throw new NotFoundError(`box not found: ${idOrName}`);
    await abortable(box.life.remove(options.force ?? false), call.signal);
  }

  async metrics(call: CallOptions = {}): Promise<RuntimeMetrics> {
    this.#enter(call);
    const { counters, boxes, later } = this.#parts.store;
    later.flush();
    return {
      boxesCreatedTotal: counters.get('boxes_created'),
      boxesFailedTotal: counters.get('boxes_failed'),
      boxesStoppedTotal: counters.get('boxes_stopped'),
      numRunningBoxes: boxes.numRunning(),
      totalCommandsExecuted: counters.get('commands'),
      totalExecErrors: counters.get('exec_errors'),
    };
  }

  async config(call: CallOptions = {}): Promise<RuntimeConfig> {
    call.signal?.throwIfAborted();
    return runtimeConfig;
  }

  shutdown(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#shutdown(options.timeoutMs ?? 10_000);
    return this.#closing;
  }

  async #shutdown(timeoutMs: number): Promise<void> {
    await Promise.allSettled(this.#making.values());
    const running = [...this.#boxes.values()].filter(({ life }) => life.isRunning || life.isBusy);
    const left = await Promise.allSettled(running.map((box) => box.life.leave(timeoutMs)));
    await this.#parts.close();
    for (const result of left) if (result.status === 'rejected') throw result.reason;
  }

  #make(options: BoxOptions, name: string | undefined): Promise<LocalBox> {
    const making = this.#prepare(options, name);
    if (name === undefined) return making;
    this.#making.set(name, making);
    const done = (): void => void this.#making.delete(name);
    making.then(done, done);
    return making;
  }

  async #prepare(options: BoxOptions, name: string | undefined): Promise<LocalBox> {
    const began = performance.now();
    const { store } = this.#parts;
    // Until the box is stored, only this keeps its image from being removed.
    using holding = new DisposableStack();
    const root = await this.#root(options, holding);
    const now = Date.now();
    const record: BoxRecord = {
      id: ulid(now),
      name,
      status: 'configured',
      createdAt: now,
      updatedAt: now,
      ...root,
      options,
      detached: this.#parts.detachAll || (options.detach ?? false),
      pid: undefined,
      timing: undefined,
      counters: { commands: 0, execErrors: 0, bytesIn: 0, bytesOut: 0 },
      history: {},
    };
    store.boxes.insert(record);
    store.counters.add('boxes_created');
    return this.#held(
      store.boxes.update(record.id, {
        status: 'configured',
        pid: undefined,
        timing: { imagePrepareMs: performance.now() - began },
      }),
    );
  }

  async #root(
    options: BoxOptions,
    holding: DisposableStack,
  ): Promise<Pick<BoxRecord, 'image' | 'imageId' | 'rootfs' | 'defaults'>> {
    const { rootfsPath } = options;
    if (rootfsPath !== undefined) {
      const found = await stat(rootfsPath).catch(() => undefined);
      if (!found?.isDirectory()) throw new InvalidArgumentError(`rootfsPath is not a directory: ${rootfsPath}`);
      return { image: rootfsPath, imageId: undefined, rootfs: { path: rootfsPath }, defaults: bare };
    }
    const image = holding.use(await this.#parts.images.ready(options.image ?? defaultImage));
    const { env, workingDir, user, entrypoint, cmd, stopSignal } = image.config;
    return {
      image: options.image ?? defaultImage,
      imageId: image.info.id,
      rootfs: { layers: image.layers },
      defaults: { env, workingDir, user, entrypoint, cmd, stopSignal },
    };
  }

  #held(record: BoxRecord): LocalBox {
    const known = this.#boxes.get(record.id);
    if (known) return known;
    const box = new LocalBox(this.#home, record);
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

const bare: BoxDefaults = { env: {}, workingDir: '', user: '', entrypoint: [], cmd: [] };

/** The folder of a box in a home directory. */
export function boxFolder(homeDir: string, id: string): string {
  return join(homeDir, 'boxes', id);
}
