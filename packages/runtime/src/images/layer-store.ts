import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { ImageError } from 'boxlite/backend';
import type { Extractor } from './layer/extractor.ts';
import type { LayerLimits } from './layer/limits.ts';
import { leases } from './leases.ts';
import type { Descriptor } from './manifest.ts';
import { blobFileName } from './partial-blobs.ts';
import type { ImageRecords } from './records.ts';
import { type SharedWork, sharedWork } from './shared-work.ts';
import type { Slots } from './slots.ts';
import type { ImageSource } from './source.ts';
import type { WorkDirectory } from './work-directory.ts';

/** One layer of an image and what it lies on. */
export interface LayerPlan {
  readonly source: ImageSource;
  readonly blob: Descriptor;
  readonly diffId: string;
  /** Chain ids up to and with this layer, lowest first. */
  readonly chain: readonly string[];
  /** The layer that this one lies on; none for the lowest. */
  readonly below: LayerPlan | undefined;
}

/**
 * The extracted layers, each in a folder named for its chain: the same layer on another base is another folder, because
 * what it hides depends on what is below. A folder is recorded once it is complete, and is never written to again.
 */
export interface LayerStore {
  /** Absolute path of a chain's top layer. */
  path(chainId: string): string;
  has(chainId: string): Promise<boolean>;
  /** Bytes of a chain's top layer, unpacked. */
  bytes(chainId: string): number;
  /** Keeps layers from being swept, whether they are here yet or not, until it is disposed of. */
  hold(chainIds: readonly string[]): Disposable;
  /** Fetches and extracts a layer and those below it, unless they are here; joined where another is at it. */
  ensure(
    plan: LayerPlan,
    fetching: Slots,
    options: { readonly signal: AbortSignal; readonly onBytes: (bytes: number) => void },
  ): Promise<void>;
  /** Takes over a finished folder. */
  adopt(directory: string, chainId: string, sizeBytes: number): Promise<void>;
  /** Deletes layers that no image has, and folders that were never recorded; tells the bytes. What it cannot delete it leaves to the next. */
  sweep(): Promise<number>;
  stop(reason: Error): Promise<void>;
}

/** Whose the files of layers are. */
export interface LayerOwners {
  /** Deletes a tree whoever owns what is in it; one that is not there is fine. */
  readonly removeTree: (path: string) => Promise<void>;
  /** Added to the ids that a box sees. */
  readonly idShift: number;
  /** Gives all that is below a directory of this process to the root of boxes. */
  readonly give: (directory: string) => Promise<void>;
}

/** Those of this process, as they are. */
export const ownOwners: LayerOwners = {
  removeTree: (path) => rm(path, { recursive: true, force: true }),
  idShift: 0,
  give: async () => {},
};

/** Opens the layers below a folder. */
export async function layerStore(
  directory: string,
  records: ImageRecords,
  work: WorkDirectory,
  limits: LayerLimits,
  { extract }: Extractor,
  { removeTree, idShift }: Pick<LayerOwners, 'removeTree' | 'idShift'>,
): Promise<LayerStore> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const jobs: SharedWork<void, number> = sharedWork();
  const held = leases();
  // 128 bits name a layer as well, and leave room for more of them in overlayfs's one page of mount options.
  const folder = (chainId: string): string => chainId.slice('sha256:'.length, 'sha256:'.length + 32);
  const path = (chainId: string): string => joinPath(directory, folder(chainId));

  async function has(chainId: string): Promise<boolean> {
    if (records.layerBytes(chainId) === undefined) return false;
    return stat(path(chainId)).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
  }
  async function adopt(from: string, chainId: string, sizeBytes: number): Promise<void> {
    const to = path(chainId);
    try {
      await rename(from, to);
    } catch (error) {
      // Another process was faster, or one died before it recorded this: the content is the same.
      const there =
        error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST');
      if (!there) throw error;
    }
    records.putLayer(chainId, sizeBytes);
  }
  function join(
    plan: LayerPlan,
    fetching: Slots,
    signal: AbortSignal,
    onReport?: (bytes: number) => void,
  ): Promise<void> {
    const start = (own: AbortSignal, report: (bytes: number) => void): Promise<void> =>
      make(plan, fetching, own, report);
    const chainId = plan.chain.at(-1) ?? '';
    return jobs.join(`${chainId} ${plan.source.possession.key}`, start, { signal, onReport });
  }
  async function make(
    plan: LayerPlan,
    fetching: Slots,
    signal: AbortSignal,
    report: (bytes: number) => void,
  ): Promise<void> {
    const { source, blob, diffId, chain, below } = plan;
    const chainId = chain.at(-1) ?? '';
    if (source.possession.has(chainId) && (await has(chainId))) return report(blob.size);
    if (blob.size > limits.maxBytes) {
      throw new ImageError(
        `layer ${blob.digest} of ${source.what} has ${blob.size} bytes, and ${limits.maxBytes} is the limit; use a smaller image`,
      );
    }
    await work.use(async (own) => {
      const file = await fetching(() => source.blob(blob, joinPath(own, blobFileName(blob.digest)), signal, report));
      // Joined, not merely awaited: the pull that began the layer below may be aborted while this one is still wanted.
      if (below !== undefined) await join(below, fetching, signal);
      signal.throwIfAborted();
      const into = joinPath(own, 'root');
      await mkdir(into, { mode: 0o755 });
      const what = `layer ${blob.digest} of ${source.what}`;
      const lower = chain.slice(0, -1).map(path);
      const made = await extract({ file, what, into, lower, limits, idShift, digest: blob.digest, signal });
      if (made.diffId !== diffId) throw new ImageError(`${what} is not what its configuration says: ${made.diffId}`);
      report(blob.size);
      source.possession.add(chainId);
      // It may be here already: then it was only to show that who asks has it.
      if (!(await has(chainId))) await adopt(into, chainId, made.sizeBytes);
    });
  }

  return {
    path,
    has,
    adopt,
    bytes: (chainId) => records.layerBytes(chainId) ?? 0,
    hold: held.hold,
    ensure: (plan, fetching, { signal, onBytes }) => join(plan, fetching, signal, onBytes),
    async sweep() {
      // Another process may be about to record an image of what looks unused here.
      if (!(await work.alone())) return 0;
      const used = records.usedLayers();
      const sizes = new Map<string, number>();
      for (const chainId of records.layers()) {
        if (used.has(chainId) || held.held(chainId)) continue;
        sizes.set(folder(chainId), records.layerBytes(chainId) ?? 0);
        records.removeLayer(chainId);
      }
      let bytes = 0;
      // Only what no record tells of: a sweep that was killed half way is finished by the next.
      for (const name of await readdir(directory)) {
        const recorded = new Set([...records.layers(), ...held.all()].map(folder));
        if (recorded.has(name)) continue;
        const gone = await removeTree(joinPath(directory, name)).then(
          () => true,
          () => false,
        );
        if (gone) bytes += sizes.get(name) ?? 0;
      }
      return bytes;
    },
    stop: (reason) => jobs.stop(reason),
  };
}
