import {
  AlreadyExistsError,
  type BoxOptions,
  type BoxPage,
  type EventsOptions,
  ImageError,
  type ImageInfo,
  type ImagesBackend,
  InvalidArgumentError,
  InvalidStateError,
  type ListBoxesOptions,
  type MakeOptions,
  NotFoundError,
  type RuntimeBackend,
  type RuntimeConfig,
  type RuntimeEvent,
  type RuntimeMetrics,
  UnsupportedError,
  type VolumesBackend,
} from 'boxlite/backend';
import { MemoryBox } from './memory-box.ts';
import { memoryVolumes } from './memory-disks.ts';

/** A backend for tests of HTTP alone: boxes are records, nothing runs. */
export class MemoryBackend implements RuntimeBackend {
  readonly boxes: MemoryBox[] = [];
  /** How many were made, in all tenants: no id is there twice. */
  readonly #made: { boxes: number };
  fileTransferMaxBytes = 1024 * 1024 * 1024;

  constructor(made: { boxes: number } = { boxes: 0 }) {
    this.#made = made;
  }

  async create(options: BoxOptions, name: string | undefined, { onId }: MakeOptions = {}): Promise<MemoryBox> {
    if (name !== undefined && this.boxes.some((box) => box.name === name))
      throw new AlreadyExistsError(`the name ${name} is taken`);
    const box = new MemoryBox(`01J${`${++this.#made.boxes}`.padStart(23, '0')}`, name, options);
    onId?.(box.id);
    this.boxes.push(box);
    return box;
  }

  async getOrCreate(
    options: BoxOptions,
    name: string,
    call: MakeOptions = {},
  ): Promise<{ box: MemoryBox; created: boolean }> {
    const found = this.boxes.find((box) => box.name === name);
    return found ? { box: found, created: false } : { box: await this.create(options, name, call), created: true };
  }

  async get(idOrName: string): Promise<MemoryBox | null> {
    return this.boxes.find((box) => box.id === idOrName || box.name === idOrName) ?? null;
  }

  async list(options: ListBoxesOptions = {}): Promise<BoxPage> {
    const { pageSize = 100, pageToken = '0', status, namePrefix = '' } = options;
    if (!/^[0-9]{1,9}$/.test(pageToken)) throw new InvalidArgumentError('pageToken is not one of this server');
    const start = Number(pageToken);
    const matching = this.boxes
      .map((box) => box.snapshot)
      .filter((box) => !status || box.status === status)
      .filter((box) => (box.name ?? '').startsWith(namePrefix));
    const next = start + pageSize;
    return {
      boxes: matching.slice(start, next),
      nextPageToken: next < matching.length ? `${next}` : undefined,
    };
  }

  async remove(idOrName: string, options: { readonly force?: boolean } = {}): Promise<void> {
    const box = await this.get(idOrName);
    if (!box) throw new NotFoundError(`no box ${idOrName}`);
    if (box.snapshot.status === 'running' && !options.force) throw new InvalidStateError('the box runs');
    this.boxes.splice(this.boxes.indexOf(box), 1);
  }

  async metrics(): Promise<RuntimeMetrics> {
    return {
      boxesCreatedTotal: this.boxes.length,
      boxesFailedTotal: 0,
      boxesStoppedTotal: 0,
      numRunningBoxes: 0,
      totalCommandsExecuted: 0,
      totalExecErrors: 0,
      numWarmBoxes: 0,
      warmFailuresTotal: 0,
      numRunningExecutions: 0,
    };
  }

  readonly happened: RuntimeEvent[] = [];
  /** Readers of events that are under way. */
  readers = 0;
  broken: Error | undefined;
  readonly #waiting = new Set<() => void>();

  /** Something becomes of a box. */
  happen(event: RuntimeEvent): void {
    this.happened.push(event);
    for (const wake of [...this.#waiting]) wake();
  }

  /** Until something happens or the signal aborts; leaves nothing behind. */
  async #next(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    signal?.addEventListener('abort', () => resolve(), { once: true });
    if (!signal?.aborted) await promise;
    this.#waiting.delete(resolve);
    signal?.throwIfAborted();
  }

  /** Ids are `1f.` and a number of events from 1 on; `x` is none, `1f.9999` lies beyond what is kept. */
  async *events({ after, box, signal }: EventsOptions = {}): AsyncIterable<RuntimeEvent> {
    if (after !== undefined && !/^1f\.[0-9]+$/.test(after)) throw new InvalidArgumentError('after is no id');
    this.readers++;
    try {
      const lost = after === '1f.9999';
      let at = lost ? this.happened.length : Number(after?.slice('1f.'.length) ?? this.happened.length);
      yield { type: 'open', id: `1f.${at}`, at: new Date(0) };
      if (lost) yield { type: 'reset', id: `1f.${at}`, at: new Date(0) };
      for (;;) {
        const event = this.happened[at];
        if (event === undefined) await this.#next(signal);
        else {
          at++;
          if (box === undefined || ('boxId' in event && event.boxId === box)) yield event;
        }
      }
    } finally {
      this.readers--;
    }
  }

  async check(): Promise<void> {
    if (this.broken) throw this.broken;
  }

  async config(): Promise<RuntimeConfig> {
    return {
      defaults: { cpus: 1, memoryMib: 512, diskSizeGb: 10, securityPreset: 'standard', autoRemove: true },
      capabilities: {
        maxCpus: 32,
        maxMemoryMib: 16384,
        maxDiskSizeGb: 100,
        maxBoxesPerPrefix: 50,
        maxConcurrentExecutions: 10,
        fileTransferMaxBytes: this.fileTransferMaxBytes,
        execTimeoutMaxSeconds: 3600,
        outputRetentionMs: 604_800_000,
        outputRetentionBytes: 1_000_000,
        ttyEnabled: true,
        streamingEnabled: true,
        linuxCapabilitiesEnabled: true,
        snapshotsEnabled: true,
        cloneEnabled: true,
        exportEnabled: true,
        importEnabled: true,
        volumesEnabled: true,
        filesEnabled: true,
        imageRemoveEnabled: true,
        imageImportEnabled: true,
        executionListEnabled: true,
        supportedSecurityPresets: ['development', 'standard', 'maximum'],
        idempotencyKeyLifetime: undefined,
      },
    };
  }

  images: ImagesBackend = memoryImages();
  volumes: VolumesBackend = memoryVolumes();

  /** Forgets everything that was made. */
  forget(): void {
    this.boxes.length = 0;
    this.images = memoryImages();
    this.volumes = memoryVolumes();
  }

  /** Takes what `export` of a memory box gives. */
  async importBox(
    archive: ReadableStream<Uint8Array>,
    name: string | undefined,
    call: MakeOptions = {},
  ): Promise<MemoryBox> {
    if (!(await new Response(archive).text()).startsWith('BOXLITE-ARCHIVE\narchive of '))
      throw new InvalidArgumentError('no archive');
    return this.create({}, name, call);
  }

  readonly #tenants = new Map<string, MemoryBackend>();

  /** Each but `default` is a backend of its own. */
  tenant(name: string): MemoryBackend {
    const found = name === 'default' ? this : (this.#tenants.get(name) ?? new MemoryBackend(this.#made));
    this.#tenants.set(name, found);
    return found;
  }

  async shutdown(): Promise<void> {}
}

function memoryImages(): ImagesBackend {
  const images = new Map<string, ImageInfo>();
  return {
    async pull(reference) {
      if (reference.includes('missing')) throw new ImageError(`image not found: ${reference}`);
      const id = `sha256:${`${images.size + 1}`.padStart(64, '0')}`;
      const image = { reference, repository: reference, tag: 'latest', id, cachedAt: new Date(0), sizeBytes: 1 };
      images.set(id, image);
      return image;
    },
    async list(options = {}) {
      const { pageSize = 100, pageToken = '0' } = options;
      const start = Number(pageToken);
      const all = [...images.values()];
      const next = start + pageSize;
      return { images: all.slice(start, next), nextPageToken: next < all.length ? `${next}` : undefined };
    },
    async get(digest) {
      const image = images.get(digest);
      return image ? { ...image, platform: 'linux/amd64', config: undefined, layers: undefined } : null;
    },
    async remove(digestOrReference, { onId } = {}) {
      const found = [...images.values()].find(({ id, reference }) => [id, reference].includes(digestOrReference));
      if (!found) throw new NotFoundError(`no image ${digestOrReference}`);
      if (found.reference === 'used') throw new InvalidStateError('a box has it');
      onId?.(found.id);
      images.delete(found.id);
    },
    async prune({ keep = [] } = {}, { onRemove } = {}) {
      const removed = [...images.values()].filter(({ reference }) => !keep.includes(reference));
      onRemove?.(removed.map(({ reference }) => reference));
      for (const { id } of removed) images.delete(id);
      return { removed: removed.map(({ reference }) => reference), freedBytes: removed.length };
    },
    async import(source, reference) {
      if (typeof source === 'string') throw new UnsupportedError('not in memory');
      if (!(await new Response(source).text()).startsWith('image')) throw new ImageError('no image');
      return this.pull(reference);
    },
  };
}
