import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import {
  ImageError,
  type ImageInfo,
  type ImageRegistryOptions,
  InvalidArgumentError,
  InvalidStateError,
  NotFoundError,
  type PullProgress,
  StoppedError,
} from 'boxlite/backend';
import type { ImageStore, ReadyImage } from './images.ts';
import { isLayout, layoutSource } from './import-layout.ts';
import { importImage } from './importer.ts';
import { defaultLayerLimits, type LayerLimits } from './layer/limits.ts';
import { layerStore } from './layer-store.ts';
import { type PullerOptions, pullImage } from './puller.ts';
import { type ImageRecord, imageRecords, type NamedImage } from './records.ts';
import { baseReference, formatReference, isDigest, parseReference, type Reference } from './reference.ts';
import { type SharedWork, sharedWork } from './shared-work.ts';
import { workDirectory } from './work-directory.ts';

export interface OpenImageStoreOptions {
  /** Images live in its folder `images`. */
  readonly homeDir: string;
  /** Open, and closed by the caller after the store. */
  readonly database: DatabaseSync;
  readonly registries?: readonly ImageRegistryOptions[] | undefined;
  /** An OCI layout with the image `boxlite/base:latest`, taken in when first asked for. */
  readonly baseImageDir?: string | undefined;
  /** Whether a box has the image of a manifest digest; boxes that are being made count. @default none has */
  readonly inUse?: ((manifestDigest: string) => boolean) | undefined;
  readonly limits?: Partial<LayerLimits> | undefined;
  /** Timeouts of registries. */
  readonly network?: Pick<PullerOptions, 'responseTimeoutMs' | 'idleTimeoutMs' | 'retryBaseMs'> | undefined;
}

/** Opens the image store of a home directory; what an earlier process left unfinished is removed. */
export async function openImageStore(options: OpenImageStoreOptions): Promise<ImageStore> {
  const { registries = [], inUse = () => false, baseImageDir } = options;
  const directory = join(options.homeDir, 'images');
  // Images have setuid programs, which other users of the host must not reach.
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const limits = { ...defaultLayerLimits, ...options.limits };
  const records = imageRecords(options.database);
  const work = await workDirectory(join(directory, 'tmp'));
  const layers = await layerStore(join(directory, 'layers'), records, work, limits);
  const search = registries.filter((registry) => registry.search === true).map(({ host }) => host);
  const jobs: SharedWork<NamedImage, PullProgress> = sharedWork();
  let closed = false;
  let baseDone = baseImageDir === undefined;

  function open(): void {
    if (closed) throw new StoppedError('the image store is closed');
  }
  async function sweep(): Promise<void> {
    for (const digest of records.nameless()) if (!inUse(digest)) records.removeImage(digest);
    await layers.sweep();
  }
  async function complete({ chains }: ImageRecord): Promise<boolean> {
    for (const chain of chains) if (!(await layers.has(chain))) return false;
    return true;
  }
  async function record(reference: string, image: ImageRecord): Promise<NamedImage> {
    const before = records.named(reference)?.image.digest;
    records.put(reference, image, Date.now());
    if (before !== undefined && before !== image.digest) await sweep();
    return records.named(reference) ?? { reference, image, cachedAtMs: Date.now() };
  }
  function take(path: string, reference: Reference, signal?: AbortSignal): Promise<NamedImage> {
    const name = formatReference(reference);
    const start = async (own: AbortSignal): Promise<NamedImage> => {
      using holding = new DisposableStack();
      return await record(name, await importImage({ path, reference, layers, work, limits, holding, signal: own }));
    };
    return jobs.join(`import ${path} ${name}`, start, { signal });
  }
  async function ensureBase(signal?: AbortSignal): Promise<void> {
    if (baseDone || baseImageDir === undefined) return;
    if (!(await isLayout(baseImageDir))) {
      throw new ImageError(
        `the base image is missing: ${baseImageDir} is no OCI layout; npm run setup makes it in a clone`,
      );
    }
    const [reference] = parseReference(baseReference);
    const { digest } = await layoutSource(baseImageDir, reference, 'the base image');
    const known = records.named(baseReference)?.image;
    if (known?.digest !== digest || !(await complete(known))) await take(baseImageDir, reference, signal);
    baseDone = true;
  }
  const isBase = (candidates: readonly Reference[]): boolean =>
    baseImageDir !== undefined && candidates.some((each) => formatReference(each) === baseReference);

  async function local(candidates: readonly Reference[]): Promise<NamedImage | undefined> {
    for (const candidate of candidates) {
      const found = records.named(formatReference(candidate));
      if (found !== undefined && (await complete(found.image))) return found;
    }
    return undefined;
  }
  async function base(signal?: AbortSignal): Promise<NamedImage> {
    await ensureBase(signal);
    const found = records.named(baseReference);
    if (found === undefined) throw new ImageError('the base image is missing; run npm run setup');
    return found;
  }
  async function pull(
    text: string,
    candidates: readonly Reference[],
    signal?: AbortSignal,
    onReport?: (progress: PullProgress) => void,
  ): Promise<NamedImage> {
    if (isBase(candidates)) return base(signal);
    const start = async (own: AbortSignal, report: (progress: PullProgress) => void): Promise<NamedImage> => {
      using holding = new DisposableStack();
      const how = { ...options.network, registries, layers, work, holding };
      const { reference, image } = await pullImage(candidates, how, own, (completedBytes, totalBytes) =>
        report({ reference: text, completedBytes, totalBytes }),
      );
      return await record(formatReference(reference), image);
    };
    return jobs.join(candidates.map(formatReference).join(' '), start, { signal, onReport });
  }
  function readyImage({ image, ...name }: NamedImage): ReadyImage {
    return { info: toInfo({ image, ...name }), layers: image.chains.map(layers.path), config: image.config };
  }

  await sweep();
  return {
    async ready(reference, signal) {
      open();
      if (isDigest(reference)) {
        const named = records.names(reference)[0];
        const image = records.image(reference);
        // A box may still have an image whose name has moved on.
        const found = named ?? (image && { reference: `@${reference}`, image, cachedAtMs: 0 });
        if (found !== undefined && (await complete(found.image))) return readyImage(found);
        throw new ImageError(
          `image not found: ${reference} is not on this host; pull it by name or boxlite images import`,
        );
      }
      const candidates = parseReference(reference, search);
      if (isBase(candidates)) return readyImage(await base(signal));
      return readyImage((await local(candidates)) ?? (await pull(reference, candidates, signal)));
    },
    async pull(reference, { onProgress, signal } = {}) {
      open();
      return toInfo(await pull(reference, parseReference(reference, search), signal, onProgress));
    },
    async import(path, reference, { signal } = {}) {
      open();
      const [name] = parseReference(reference);
      if (name.digest !== undefined) throw new InvalidArgumentError(`cannot import under a digest: ${reference}`);
      if (isBase([name]))
        throw new InvalidArgumentError('boxlite/base:latest comes with BoxLite; import under another name');
      return toInfo(await take(path, name, signal));
    },
    async list({ pageSize = 100, pageToken } = {}, { signal } = {}) {
      open();
      if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 1000) {
        throw new InvalidArgumentError(`pageSize is not 1 to 1000: ${pageSize}`);
      }
      const after = pageToken === undefined ? '' : Buffer.from(pageToken, 'base64url').toString();
      if (pageToken !== undefined && Buffer.from(after).toString('base64url') !== pageToken) {
        throw new InvalidArgumentError('pageToken is not one that this list gave');
      }
      await ensureBase(signal);
      const found = records.page(after, pageSize + 1);
      const last = found.length > pageSize ? found[pageSize - 1] : undefined;
      return {
        images: found.slice(0, pageSize).map(toInfo),
        nextPageToken: last === undefined ? undefined : Buffer.from(last.reference).toString('base64url'),
      };
    },
    async get(digest, { signal } = {}) {
      open();
      await ensureBase(signal);
      const found = records.names(digest)[0];
      return found === undefined ? null : toInfo(found);
    },
    async remove(digestOrReference) {
      open();
      const names = isDigest(digestOrReference)
        ? records.names(digestOrReference)
        : parseReference(digestOrReference, search)
            .map((each) => records.named(formatReference(each)))
            .filter((each) => each !== undefined)
            .slice(0, 1);
      const digest = names[0]?.image.digest;
      if (digest === undefined)
        throw new NotFoundError(`there is no image ${digestOrReference}; see boxlite images list`);
      if (names.some(({ reference }) => reference === baseReference)) {
        throw new InvalidStateError('boxlite/base:latest comes with BoxLite and cannot be removed');
      }
      if (names.length === records.names(digest).length && inUse(digest)) {
        throw new InvalidStateError(`image ${digestOrReference} is used by a box; remove the box first`);
      }
      for (const { reference } of names) records.removeName(reference);
      await sweep();
    },
    async close() {
      if (closed) return;
      closed = true;
      const reason = new StoppedError('the image store was closed meanwhile');
      await Promise.all([jobs.stop(reason), layers.stop(reason)]);
      await work.remove();
    },
  };
}

function toInfo({ reference, cachedAtMs, image }: NamedImage): ImageInfo {
  const at = reference.indexOf('@');
  const name = at === -1 ? reference : reference.slice(0, at);
  const colon = name.indexOf(':', name.lastIndexOf('/'));
  return {
    reference,
    repository: colon === -1 ? name : name.slice(0, colon),
    tag: colon === -1 ? '' : name.slice(colon + 1),
    id: image.digest,
    cachedAt: new Date(cachedAtMs),
    sizeBytes: image.sizeBytes,
  };
}
