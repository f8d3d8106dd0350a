import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageError } from 'boxlite/backend';
import type { Holding } from '../holding.ts';
import type { LayerPlan, LayerStore } from './layer-store.ts';
import { chainIds, choosePlatform, type Descriptor, digestOf, parseConfig, parseManifest } from './manifest.ts';
import { blobFileName } from './partial-blobs.ts';
import type { Platform } from './platform.ts';
import type { ImageRecord } from './records.ts';
import { slots } from './slots.ts';
import type { ImageSource } from './source.ts';
import type { WorkDirectory } from './work-directory.ts';

/** Blobs of one image that are fetched at a time. */
const parallel = 3;
const maxConfigBytes = 8 * 1024 * 1024;

/** Bytes of an image's layers that are here, and that there are. */
export type LayerProgress = (completedBytes: number, totalBytes: number) => void;

export interface InstallOptions {
  readonly source: ImageSource;
  /** Of the index or the manifest, where the reference has one. */
  readonly digest: string | undefined;
  readonly platform: Platform;
  readonly layers: LayerStore;
  readonly work: WorkDirectory;
  /** Holds the layers until the image is recorded; the caller disposes of it. */
  readonly holding: Holding;
  readonly signal: AbortSignal;
  readonly onProgress: LayerProgress;
}

/** Brings every layer of an image in place; the caller records what is returned. `ImageError`. */
export async function installImage(options: InstallOptions): Promise<ImageRecord> {
  const { source, layers, holding } = options;
  const { digest, parts } = await manifestFor(options);
  const what = `the configuration of ${source.what}`;
  if (parts.config.size > maxConfigBytes) throw new ImageError(`${what} is larger than ${maxConfigBytes} bytes`);
  const { platform, config, diffIds } = parseConfig(
    await readBlob(options, parts.config, what),
    what,
    options.platform,
  );
  if (diffIds.length !== parts.layers.length) {
    throw new ImageError(
      `${source.what} has ${parts.layers.length} layers, but its configuration names ${diffIds.length}`,
    );
  }
  const chains = chainIds(diffIds);
  holding.use(layers.hold(chains));
  await fetchLayers(options, parts.layers, diffIds, chains);
  return {
    digest,
    platform,
    config,
    chains,
    layers: parts.layers.map((blob, at) => ({ digest: blob.digest, diffId: diffIds[at] ?? '', sizeBytes: blob.size })),
    sizeBytes: chains.reduce((sum, chain) => sum + layers.bytes(chain), 0),
  };
}

async function manifestFor({ source, digest: asked, platform, signal }: InstallOptions) {
  let digest = asked;
  // An index may hold an index, but not without end.
  for (let depth = 0; depth < 4; depth++) {
    const bytes = await source.manifest(digest, signal);
    const found = digestOf(bytes);
    if (digest !== undefined && found !== digest) {
      throw new ImageError(`the manifest of ${source.what} is damaged: it is ${found}, not ${digest}`);
    }
    const parts = parseManifest(bytes, `the manifest of ${source.what}`);
    if ('layers' in parts) return { digest: found, parts };
    digest = choosePlatform(parts, source.what, platform).digest;
  }
  throw new ImageError(`${source.what} is an index of indexes of indexes`);
}

async function readBlob({ source, work, signal }: InstallOptions, blob: Descriptor, what: string): Promise<Uint8Array> {
  const bytes = await work.use(async (own) =>
    readFile(await source.blob(blob, join(own, blobFileName(blob.digest)), signal, () => {})),
  );
  const found = digestOf(bytes);
  if (found !== blob.digest) throw new ImageError(`${what} is damaged: it is ${found}, not ${blob.digest}`);
  return bytes;
}

async function fetchLayers(
  { source, layers, signal, onProgress }: InstallOptions,
  blobs: readonly Descriptor[],
  diffIds: readonly string[],
  chains: readonly string[],
): Promise<void> {
  const total = blobs.reduce((sum, blob) => sum + blob.size, 0);
  const done = blobs.map(() => 0);
  const failed = new AbortController();
  const own = AbortSignal.any([signal, failed.signal]);
  const fetching = slots(parallel);
  onProgress(0, total);
  const strange = blobs.find(({ mediaType }) => !isLayerType(mediaType));
  if (strange !== undefined) {
    throw new ImageError(`${source.what} has a layer of the type ${strange.mediaType}, which cannot be unpacked`);
  }
  let below: LayerPlan | undefined;
  const all = blobs.map((blob, number) => {
    below = { source, blob, diffId: diffIds[number] ?? '', chain: chains.slice(0, number + 1), below };
    const onBytes = (bytes: number): void => {
      // What a broken connection made useless is fetched again, and not told twice.
      done[number] = Math.max(done[number] ?? 0, Math.min(bytes, blob.size));
      onProgress(
        done.reduce((sum, each) => sum + each, 0),
        total,
      );
    };
    // The first failure stops the rest, and is the one to tell.
    return layers.ensure(below, fetching, { signal: own, onBytes }).catch((error) => {
      failed.abort(error);
      throw error;
    });
  });
  const results = await Promise.allSettled(all);
  signal.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

function isLayerType(mediaType: string): boolean {
  return (
    mediaType === '' ||
    /^application\/vnd\.(oci\.image\.layer|docker\.image\.rootfs)\.[^+]*tar(\.gzip|\+gzip|\+zstd)?$/.test(mediaType)
  );
}
