import { mkdir, realpath, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ImageError } from 'boxlite/backend';
import type { Holding } from '../holding.ts';
import { dockerArchive, dockerArchiveSource } from './import-docker-archive.ts';
import { isLayout, layoutSource } from './import-layout.ts';
import { installImage } from './install.ts';
import { directoryEntries, hashedEntries } from './layer/directory-entries.ts';
import type { Extracted } from './layer/extract.ts';
import type { Extractor } from './layer/extractor.ts';
import { layerWriter } from './layer/layer-writer.ts';
import type { LayerLimits } from './layer/limits.ts';
import { lowerView } from './layer/lower-view.ts';
import type { LayerOwners, LayerStore } from './layer-store.ts';
import { digestOf, parseConfig } from './manifest.ts';
import { hostPlatform } from './platform.ts';
import type { ImageRecord } from './records.ts';
import type { Reference } from './reference.ts';
import type { ImageSource } from './source.ts';
import type { WorkDirectory } from './work-directory.ts';

export interface ImportOptions {
  readonly path: string;
  /** In messages. @default the path */
  readonly called?: string;
  /** Decides which image of an archive with several it is. */
  readonly reference: Reference;
  readonly layers: LayerStore;
  readonly work: WorkDirectory;
  readonly limits: LayerLimits;
  readonly extract: Extractor['extract'];
  /** Holds the layers until the image is recorded; the caller disposes of it. */
  readonly owners: LayerOwners;
  readonly holding: Holding;
  readonly signal: AbortSignal;
}

/**
 * Takes in an OCI layout or a root directory, or a tar of an OCI layout, of `docker save` or of a root file system,
 * plain, gzip or zstd. `ImageError` says what was found instead.
 */
export async function importImage(options: ImportOptions): Promise<ImageRecord> {
  const { path } = options;
  const stats = await stat(path).catch((error) => {
    throw new ImageError(`cannot import ${path}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`);
  });
  if (stats.isDirectory()) return (await isLayout(path)) ? importLayout(options, path) : importDirectory(options);
  if (!stats.isFile()) throw new ImageError(`cannot import ${path}: it is neither a file nor a directory`);
  return options.work.use(async (own) => {
    const into = join(own, 'root');
    await mkdir(into, { mode: 0o755 });
    const what = options.called ?? `the archive ${path}`;
    const { limits, signal, owners } = options;
    const unpack = (to: string, idShift: number | 'none'): Promise<Extracted> =>
      options.extract({ file: path, what, into: to, lower: [], limits, signal, idShift });
    // With owners that are not this process's, what is in it could not be read here.
    const unpacked = await unpack(into, owners.idShift === 0 ? 0 : 'none');
    if (await isLayout(into)) return importLayout(options, into);
    const archive = await dockerArchive(into);
    if (archive === undefined) {
      if (owners.idShift === 0) return importRoot(options, into, unpacked);
      const again = join(own, 'again');
      await mkdir(again, { mode: 0o755 });
      return importRoot(options, again, await unpack(again, owners.idShift));
    }
    return install(
      options,
      await dockerArchiveSource(into, archive, options.reference, options.called ?? path),
      undefined,
    );
  });
}

async function importLayout(options: ImportOptions, directory: string): Promise<ImageRecord> {
  const { source, digest } = await layoutSource(directory, options.reference, options.called ?? options.path);
  return install(options, source, digest);
}

function install(options: ImportOptions, source: ImageSource, digest: string | undefined): Promise<ImageRecord> {
  return installImage({ ...options, source, digest, platform: hostPlatform, onProgress: () => {} });
}

async function importDirectory(options: ImportOptions): Promise<ImageRecord> {
  const inside = relative(await realpath(options.path), await realpath(options.work.path));
  if (!inside.startsWith('..')) {
    throw new ImageError(
      `cannot import ${options.path}: BoxLite's own home directory is in it; import another directory`,
    );
  }
  return options.work.use(async (own) => {
    const into = join(own, 'root');
    await mkdir(into, { mode: 0o755 });
    const writer = layerWriter(into, lowerView([]), { whiteouts: false });
    const hashed = hashedEntries(directoryEntries(options.path));
    let sizeBytes = 0;
    for await (const entry of hashed.entries) {
      options.signal.throwIfAborted();
      sizeBytes += entry.size;
      await writer.add(entry);
    }
    await writer.finish();
    await options.owners.give(into);
    return importRoot(options, into, { diffId: hashed.digest(), sizeBytes });
  });
}

/** A root file system has no configuration: this is the image that runs a shell in it. */
async function importRoot({ layers, holding }: ImportOptions, root: string, made: Extracted): Promise<ImageRecord> {
  const text = JSON.stringify({
    ...hostPlatform,
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: [made.diffId] },
  });
  const { config } = parseConfig(Buffer.from(text), 'an imported root file system', hostPlatform);
  holding.use(layers.hold([made.diffId]));
  if (!(await layers.has(made.diffId))) await layers.adopt(root, made.diffId, made.sizeBytes);
  return {
    digest: digestOf(text),
    platform: hostPlatform,
    config,
    chains: [made.diffId],
    layers: [{ digest: undefined, diffId: made.diffId, sizeBytes: undefined }],
    sizeBytes: made.sizeBytes,
  };
}
