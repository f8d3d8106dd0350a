import type { ApiKeys } from './api-keys.ts';
import { checkMs, checkText, refuse } from './argument.ts';
import type { AccountBackend, PrincipalInfo } from './backend/account.ts';
import type { CallOptions, RemoveBoxOptions, RuntimeBackend, ShutdownOptions } from './backend/backend.ts';
import type { BoxOptions } from './backend/box-options.ts';
import type { EventsOptions, RuntimeEvent } from './backend/events.ts';
import type { BoxInfo, BoxStatus, RuntimeConfig, RuntimeMetrics } from './backend/info.ts';
import type { BoxliteOptions } from './backend/local-options.ts';
import { Box } from './box.ts';
import { checkBoxName, checkBoxOptions } from './create-box.ts';
import { endable } from './endable.ts';
import { UnsupportedError } from './errors.ts';
import { Images } from './images.ts';
import { latePart } from './late-part.ts';
import { lateSdk } from './late-sdk.ts';
import { loaded } from './loaded.ts';
import type { BoxliteRestOptions } from './rest/options.ts';
import { restRuntime } from './rest/runtime.ts';
import type { Volumes } from './volumes.ts';

/** Which boxes to list. */
export interface ListOptions extends CallOptions {
  /** Only boxes in that status. @default any */
  readonly status?: BoxStatus | undefined;
  /** Every label given must match. @default any */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** What the name must begin with. @default any */
  readonly namePrefix?: string | undefined;
  /** At most this many boxes. @default all */
  readonly limit?: number | undefined;
  /** How many boxes to ask for at once, 1 to 1000. @default 100, or `limit` where that is less */
  readonly pageSize?: number | undefined;
}

/** Creates and finds boxes, on this machine or on a server. */
export class Boxlite implements AsyncDisposable {
  readonly #backend: RuntimeBackend;
  /** The images that boxes are made of. */
  readonly images: Images;
  /** Directories that outlive boxes. */
  readonly volumes: Volumes;
  /** The API keys of the tenant, on a server. */
  readonly apiKeys: ApiKeys;

  private constructor(backend: RuntimeBackend) {
    this.#backend = backend;
    this.images = new Images(backend.images);
    this.volumes = latePart(async () => (await lateSdk()).volumes(backend.volumes), 'create', 'list', 'get', 'remove');
    this.apiKeys = latePart(async () => (await lateSdk()).apiKeys(() => this.#account()), 'create', 'list', 'revoke');
  }

  /** Boxes on this machine, in this process; needs `@boxlite/runtime` to be installed. */
  static async local(options: BoxliteOptions = {}, { signal }: CallOptions = {}): Promise<Boxlite> {
    signal?.throwIfAborted();
    const { openLocal } = await loaded(() => import('./local.ts'));
    const backend = await openLocal(options);
    if (signal?.aborted) await backend.shutdown();
    signal?.throwIfAborted();
    return new Boxlite(backend);
  }

  /** Boxes on a server; nothing is sent before the first call. */
  static rest(options: BoxliteRestOptions): Boxlite {
    return new Boxlite(restRuntime(options));
  }

  /** Boxes of any backend. */
  static over(backend: RuntimeBackend): Boxlite {
    return new Boxlite(backend);
  }

  /** Makes a box without starting it; `AlreadyExistsError` when the name is taken. */
  async create(options: BoxOptions = {}, name?: string, call: CallOptions = {}): Promise<Box> {
    checkBoxOptions(options);
    if (name !== undefined) checkBoxName(name);
    return new Box(await this.#backend.create(options, name, call));
  }

  /** The box of that name, as it is, or a new one: however many ask at once, one is made. */
  async getOrCreate(
    options: BoxOptions,
    name: string,
    call: CallOptions = {},
  ): Promise<{ readonly box: Box; readonly created: boolean }> {
    checkBoxOptions(options);
    checkBoxName(name);
    const { box, created } = await this.#backend.getOrCreate(options, name, call);
    return { box: new Box(box), created };
  }

  /** A box by id or by name; null when there is none. */
  async get(idOrName: string, call: CallOptions = {}): Promise<Box | null> {
    checkId(idOrName);
    const box = await this.#backend.get(idOrName, call);
    return box && new Box(box);
  }

  /** A box as it is now, by id or by name; null when there is none. */
  async getInfo(idOrName: string, call: CallOptions = {}): Promise<BoxInfo | null> {
    checkId(idOrName);
    const box = await this.#backend.get(idOrName, call);
    return box === null ? null : box.snapshot;
  }

  /** Whether there is such a box. */
  async exists(idOrName: string, call: CallOptions = {}): Promise<boolean> {
    return (await this.getInfo(idOrName, call)) !== null;
  }

  /**
   * Boxes, oldest first; a page is asked for when the loop gets there, and nothing after it is left. `return()` ends a
   * `next()` that waits.
   */
  list(options: ListOptions = {}): AsyncGenerator<Box, void, undefined> {
    const backend = this.#backend;
    return endable(async function* (signal) {
      const { listBoxes, listedBox } = await lateSdk();
      for await (const info of listBoxes(backend, { ...options, signal })) yield new Box(listedBox(backend, info));
    }, options.signal);
  }

  /** What `list` gives, as an array of what is known of each box. */
  async listInfo(options: ListOptions = {}): Promise<BoxInfo[]> {
    const { listBoxes } = await lateSdk();
    const infos: BoxInfo[] = [];
    for await (const info of listBoxes(this.#backend, options)) infos.push(info);
    return infos;
  }

  /** Removes a box and all that is in it; `InvalidStateError` when it runs and `force` is not set. */
  async remove(idOrName: string, options: RemoveBoxOptions & CallOptions = {}): Promise<void> {
    checkId(idOrName);
    const { force = false, signal } = options;
    await this.#backend.remove(idOrName, { force }, { signal });
  }

  /**
   * Makes a box of an archive that `export` gave: a stream, or a file of the host. `InvalidArgumentError` for one that is
   * cut, changed or hostile, and then there is no box.
   */
  async importBox(source: string | ReadableStream<Uint8Array>, name?: string, call: CallOptions = {}): Promise<Box> {
    if (name !== undefined) checkBoxName(name);
    if (typeof source === 'string') checkText('source', source);
    const archive = typeof source === 'string' ? await openArchive(source) : source;
    return new Box(await this.#backend.importBox(archive, name, call));
  }

  /** Counters of the runtime since it began. */
  metrics(call: CallOptions = {}): Promise<RuntimeMetrics> {
    return this.#backend.metrics(call);
  }

  /** Who the server takes one for, and what that one may do; `UnsupportedError` on a local runtime. */
  async me(call: CallOptions = {}): Promise<PrincipalInfo> {
    return this.#account().me(call);
  }

  #account(): AccountBackend {
    const { account } = this.#backend;
    if (account) return account;
    throw new UnsupportedError('a local runtime has no credentials: they are for servers; see Boxlite.rest');
  }

  /**
   * What becomes of boxes, oldest first and without end: `open` first, then every change as it comes, also those made
   * by others. Goes on over lost connections; `reset` says that something between was not kept. An abort throws its reason;
   * `return()` ends a `next()` that waits.
   */
  events(options: EventsOptions = {}): AsyncGenerator<RuntimeEvent, void, undefined> {
    return endable((signal) => {
      if (options.after !== undefined) checkText('after', options.after);
      if (options.box !== undefined) checkId(options.box);
      return this.#backend.events({ ...options, signal });
    }, options.signal);
  }

  /** What the runtime gives by default, and what it can do. */
  config(call: CallOptions = {}): Promise<RuntimeConfig> {
    return this.#backend.config(call);
  }

  /**
   * Ends attached local boxes and lets go of everything held; what is on a server goes on. A local runtime is of no use
   * after it: `StoppedError`. One of a server holds nothing, and can still be used. Twice is fine. One that is aborted
   * once it has begun goes on, and is only not waited for.
   */
  async shutdown(options: ShutdownOptions & CallOptions = {}): Promise<void> {
    const { timeoutMs, signal } = options;
    checkMs('timeoutMs', timeoutMs, 0);
    signal?.throwIfAborted();
    const over = this.#backend.shutdown(timeoutMs === undefined ? {} : { timeoutMs });
    if (signal === undefined) return over;
    over.catch(() => undefined);
    const { unlessAborted } = await loaded(() => import('./convenience/unless-aborted.ts'));
    await unlessAborted(over, signal);
  }

  /** Shuts down. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}

async function openArchive(hostPath: string): Promise<ReadableStream<Uint8Array>> {
  const { readArchive } = await loaded(() => import('./host/archive-file.ts'));
  return readArchive(hostPath);
}

function checkId(idOrName: unknown): void {
  if (typeof idOrName === 'string' && /^[^/\0]+$/.test(idOrName) && !/^\.\.?$/.test(idOrName)) return;
  refuse('idOrName', "a box's id or name", idOrName);
}
