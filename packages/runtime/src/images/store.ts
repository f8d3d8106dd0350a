import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { pipeline } from 'node:stream/promises';
import {
  type CallOptions,
  ImageError,
  type ImageRegistryOptions,
  InvalidArgumentError,
  InvalidStateError,
  NotFoundError,
  type PullProgress,
  type RegistryPolicyOptions,
  StoppedError,
} from 'boxlite/backend';
import { Holding } from '../holding.ts';
import { imageDetails, imageInfo } from './image-info.ts';
import type { ImageStore, ReadyImage, TenantImages } from './images.ts';
import { isLayout, layoutSource } from './import-layout.ts';
import { importImage } from './importer.ts';
import { extractor } from './layer/extractor.ts';
import { defaultLayerLimits, type LayerLimits } from './layer/limits.ts';
import { type StartUnpacker, startThread } from './layer/unpacker.ts';
import { type LayerOwners, layerStore, ownOwners } from './layer-store.ts';
import { leases } from './leases.ts';
import { namesOf } from './names-of.ts';
import { partialBlobs } from './partial-blobs.ts';
import { formatPlatform, hostPlatform, type Platform, parsePlatform } from './platform.ts';
import { possessions } from './possession.ts';
import { pruneImages } from './prune.ts';
import { type PullerOptions, pullImage } from './puller.ts';
import { type ImageRecord, imageRecords, type NamedImage } from './records.ts';
import { baseReference, formatReference, isDigest, parseReference, type Reference } from './reference.ts';
import { registryReach } from './registry/reach.ts';
import { type SharedWork, sharedWork } from './shared-work.ts';
import { workDirectory } from './work-directory.ts';

export interface OpenImageStoreOptions {
  /** Images live in its folder `images`. */
  readonly homeDir: string;
  /** Open, and closed by the caller after the store. */
  readonly database: DatabaseSync;
  readonly registries?: readonly ImageRegistryOptions[] | undefined;
  readonly registryPolicy?: RegistryPolicyOptions | undefined;
  /** An OCI layout with the image `boxlite/base:latest`, taken in when first asked for. */
  readonly baseImageDir?: string | undefined;
  /** Whether a box has the image of a manifest digest: one of that tenant, or of any. @default none has */
  readonly inUse?: ((manifestDigest: string, tenant?: string) => boolean) | undefined;
  readonly limits?: Partial<LayerLimits> | undefined;
  /** @default as this process has them */
  readonly owners?: LayerOwners | undefined;
  /** @default a thread */
  readonly unpacker?: StartUnpacker | undefined;
  /** Timeouts of registries. */
  readonly network?: Pick<PullerOptions, 'responseTimeoutMs' | 'idleTimeoutMs' | 'retryBaseMs' | 'reach'> | undefined;
}

/** How long a part of a blob is kept for the next try. */
const partialLifetimeMs = 7 * 24 * 3600 * 1000;

/** Opens the image store of a home directory; what an earlier process left unfinished is removed. */
export async function openImageStore(options: OpenImageStoreOptions): Promise<ImageStore> {
  const { registries = [], baseImageDir } = options;
  const directory = join(options.homeDir, 'images');
  // Images have setuid programs, which other users of the host must not reach.
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const limits = { ...defaultLayerLimits, ...options.limits };
  const records = imageRecords(options.database);
  const partials = await partialBlobs(join(directory, 'partial'));
  await partials.sweep(partialLifetimeMs);
  const { owners = ownOwners, unpacker = startThread } = options;
  const work = await workDirectory(join(directory, 'tmp'), owners.removeTree, partials.salvage);
  const unpacking = extractor(unpacker);
  const layers = await layerStore(join(directory, 'layers'), records, work, limits, unpacking, owners);
  const leased = leases();
  const lease = (digest: string, tenant: string): string => `${tenant} ${digest}`;
  const inUse = (digest: string, tenant?: string): boolean =>
    leased.held(tenant === undefined ? digest : lease(digest, tenant)) || options.inUse?.(digest, tenant) === true;
  const search = registries.filter((registry) => registry.search === true).map(({ host }) => host);
  const reach = registryReach(registries, options.registryPolicy);
  const jobs: SharedWork<NamedImage, PullProgress> = sharedWork();
  let closed = false;
  const hasBase = new Set<string>();
  const possessionOf = possessions(records.hasLayer);

  function enter({ signal }: CallOptions = {}): void {
    signal?.throwIfAborted();
    if (closed) throw new StoppedError('the image store is closed');
  }
  async function sweep(): Promise<number> {
    for (const digest of records.nameless()) if (!inUse(digest)) records.removeImage(digest);
    return layers.sweep();
  }
  /** After what was asked is done: what cannot be deleted is left to the next sweep, and fails nobody. */
  const tidy = (): Promise<number> => sweep().catch(() => 0);
  async function complete({ chains }: ImageRecord): Promise<boolean> {
    for (const chain of chains) if (!(await layers.has(chain))) return false;
    return true;
  }
  const parts = { layers, work, limits, owners, extract: unpacking.extract };
  const isBase = (candidates: readonly Reference[]): boolean =>
    baseImageDir !== undefined && candidates.some((each) => formatReference(each) === baseReference);

  function of(tenant: string): TenantImages {
    function removeNames(references: readonly string[]): Promise<number> {
      records.removeNames(tenant, references);
      return tidy();
    }
    async function record(reference: string, image: ImageRecord): Promise<NamedImage> {
      const before = records.named(tenant, reference)?.image.digest;
      records.put(tenant, reference, image, Date.now());
      if (before !== undefined && before !== image.digest) await tidy();
      return records.named(tenant, reference) ?? { reference, image, cachedAtMs: Date.now(), usedAtMs: 0 };
    }
    function take(
      path: string,
      reference: Reference,
      { signal, called = path }: { readonly signal?: AbortSignal | undefined; readonly called?: string } = {},
    ): Promise<NamedImage> {
      const name = formatReference(reference);
      const start = async (own: AbortSignal): Promise<NamedImage> => {
        using holding = new Holding();
        return await record(name, await importImage({ ...parts, path, called, reference, holding, signal: own }));
      };
      return jobs.join(`${tenant} import ${path} ${name}`, start, { signal });
    }
    async function ensureBase(signal?: AbortSignal): Promise<void> {
      if (baseImageDir === undefined || hasBase.has(tenant)) return;
      if (!(await isLayout(baseImageDir))) {
        throw new ImageError(
          `the base image is missing: ${baseImageDir} is no OCI layout; npm run setup makes it in a clone`,
        );
      }
      const [reference] = parseReference(baseReference);
      const { digest } = await layoutSource(baseImageDir, reference, 'the base image');
      // What one tenant took in is there for all: the others only lack its name.
      const known = records.image(digest);
      if (known === undefined || !(await complete(known))) await take(baseImageDir, reference, { signal });
      else if (records.named(tenant, baseReference)?.image.digest !== digest) await record(baseReference, known);
      hasBase.add(tenant);
    }
    /** Undefined when the image is not whole, or was removed before it could be held. */
    async function held(named: NamedImage | undefined): Promise<ReadyImage | undefined> {
      if (named === undefined) return undefined;
      const { image } = named;
      using holding = new Holding();
      holding.use(leased.hold([image.digest, lease(image.digest, tenant)]));
      if (records.image(image.digest) === undefined || !(await complete(image))) return undefined;
      records.used(image.digest, Date.now());
      const own = holding.move();
      const paths = image.chains.map(layers.path);
      return {
        info: imageInfo(named),
        layers: paths,
        config: image.config,
        [Symbol.dispose]: () => own[Symbol.dispose](),
      };
    }
    async function base(signal?: AbortSignal): Promise<NamedImage> {
      await ensureBase(signal);
      const found = records.named(tenant, baseReference);
      if (found === undefined) throw new ImageError('the base image is missing; run npm run setup');
      return found;
    }
    async function pull(
      text: string,
      candidates: readonly Reference[],
      platform: Platform,
      signal?: AbortSignal,
      onReport?: (progress: PullProgress) => void,
    ): Promise<NamedImage> {
      if (isBase(candidates)) return base(signal);
      const start = async (own: AbortSignal, report: (progress: PullProgress) => void): Promise<NamedImage> => {
        using holding = new Holding();
        const here = { layers, work, partials, possession: possessionOf(tenant) };
        const how = { reach, ...options.network, ...here, registries, platform, holding };
        const { reference, image } = await pullImage(candidates, how, own, (completedBytes, totalBytes) =>
          report({ reference: text, completedBytes, totalBytes }),
        );
        return await record(formatReference(reference), image);
      };
      return jobs.join([tenant, formatPlatform(platform), ...candidates.map(formatReference)].join(' '), start, {
        signal,
        onReport,
      });
    }
    return {
      async ready(reference, signal) {
        enter({ signal });
        const absent = (why: string): ImageError =>
          new ImageError(`image not found: ${reference} ${why}; pull it by name or boxlite images import`);
        if (isDigest(reference)) {
          // A box may still have an image whose name has moved on; what only others have is not here.
          const image = inUse(reference, tenant) ? records.image(reference) : undefined;
          const nameless = image && { reference: `@${reference}`, image, cachedAtMs: 0, usedAtMs: 0 };
          const found = await held(records.names(tenant, reference)[0] ?? nameless);
          if (found === undefined) throw absent('is not on this host');
          return found;
        }
        const candidates = parseReference(reference, search);
        if (!isBase(candidates)) {
          for (const candidate of candidates) {
            const found = await held(records.named(tenant, formatReference(candidate)));
            if (found !== undefined) return found;
          }
        }
        const pulled = await held(await pull(reference, candidates, hostPlatform, signal));
        if (pulled === undefined) throw absent('was removed while a box was made of it');
        return pulled;
      },
      async pull(reference, { onProgress, signal, platform } = {}) {
        enter({ signal });
        const wanted = platform === undefined ? hostPlatform : parsePlatform(platform);
        return imageInfo(await pull(reference, parseReference(reference, search), wanted, signal, onProgress));
      },
      async import(source, reference, { signal } = {}) {
        enter({ signal });
        const [name] = parseReference(reference);
        if (name.digest !== undefined) throw new InvalidArgumentError(`cannot import under a digest: ${reference}`);
        if (isBase([name]))
          throw new InvalidArgumentError('boxlite/base:latest comes with BoxLite; import under another name');
        if (typeof source === 'string') return imageInfo(await take(source, name, { signal }));
        return await work.use(async (own) => {
          const path = join(own, 'archive');
          await pipeline(source, createWriteStream(path, { mode: 0o600 }), signal === undefined ? {} : { signal });
          return imageInfo(await take(path, name, { signal, called: 'the archive that was sent' }));
        });
      },
      async list({ pageSize = 100, pageToken } = {}, { signal } = {}) {
        enter({ signal });
        if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 1000) {
          throw new InvalidArgumentError(`pageSize is not 1 to 1000: ${pageSize}`);
        }
        const after = pageToken === undefined ? '' : Buffer.from(pageToken, 'base64url').toString();
        if (pageToken !== undefined && Buffer.from(after).toString('base64url') !== pageToken) {
          throw new InvalidArgumentError('pageToken is not one that this list gave');
        }
        await ensureBase(signal);
        const found = records.page(tenant, after, pageSize + 1);
        const last = found.length > pageSize ? found[pageSize - 1] : undefined;
        return {
          images: found.slice(0, pageSize).map(imageInfo),
          nextPageToken: last === undefined ? undefined : Buffer.from(last.reference).toString('base64url'),
        };
      },
      async get(digestOrReference, { signal } = {}) {
        enter({ signal });
        await ensureBase(signal);
        const found = namesOf(records, tenant, digestOrReference, search)[0];
        return found === undefined ? null : imageDetails(found, layers.bytes);
      },
      async remove(digestOrReference, call) {
        enter(call);
        const names = namesOf(records, tenant, digestOrReference, search);
        const digest = names[0]?.image.digest;
        if (digest === undefined)
          throw new NotFoundError(`there is no image ${digestOrReference}; boxlite images shows those there are`);
        if (names.some(({ reference }) => reference === baseReference)) {
          throw new InvalidStateError('boxlite/base:latest comes with BoxLite and cannot be removed');
        }
        if (names.length === records.names(tenant, digest).length && inUse(digest, tenant)) {
          throw new InvalidStateError(
            `image ${digestOrReference} is used by a box or kept ready for one; remove the box first`,
          );
        }
        call?.onId?.(digest);
        await removeNames(names.map(({ reference }) => reference));
      },
      async prune(how = {}, call) {
        enter(call);
        return pruneImages(how, {
          tenant,
          records,
          partials,
          inUse: (digest) => inUse(digest, tenant),
          removeNames,
          searchRegistries: search,
          onRemove: call?.onRemove,
        });
      },
    };
  }

  await sweep();
  return {
    of,
    async close() {
      if (closed) return;
      closed = true;
      const reason = new StoppedError('the image store was closed meanwhile');
      await Promise.all([jobs.stop(reason), layers.stop(reason)]);
      await unpacking.close();
      await work.remove();
    },
  };
}
