import { mkdir, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { exists } from '../disk/box-disks.ts';
import type { BoxRecord } from '../store/box-records.ts';

export interface ImportedLayersOptions {
  readonly directory: string;
  readonly boxes: () => readonly BoxRecord[];
  readonly drop: (folder: string) => Promise<void>;
  /** Moves a folder whoever owns it. */
  readonly move: (from: string, to: string) => Promise<void>;
}

/**
 * Layers that came in archives, each in a folder named by the checksum of what was unpacked, and kept as long as a box
 * is made of them. They are never taken for layers of an image: an archive's maker could put anything in their place.
 */
export interface ImportedLayers {
  /** Moves unpacked layers here and records, in `record`, the box that is made of them. */
  adopt<T>(layers: readonly { folder: string; digest: string }[], record: (paths: string[]) => T): Promise<T>;
  /** Deletes those that no box is made of. */
  sweep(): Promise<void>;
}

/** The imported layers of a home directory. */
export function importedLayers({ directory, boxes, drop, move }: ImportedLayersOptions): ImportedLayers {
  let last: Promise<unknown> = Promise.resolve();
  // One at a time: a sweep must not come between a layer's arrival and the record of its box.
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
  const used = ({ rootfs }: BoxRecord): string[] =>
    'layers' in rootfs ? rootfs.layers.filter((path) => dirname(path) === directory).map((path) => basename(path)) : [];
  return {
    adopt: (layers, record) =>
      inTurn(async () => {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        const paths: string[] = [];
        for (const { folder, digest } of layers) {
          const path = join(directory, digest.slice(0, 32));
          if (!(await exists(path))) await move(folder, path);
          paths.push(path);
        }
        // No overlay takes a directory twice, and what the topmost shows hides the same below.
        return record(paths.filter((path, at) => paths.lastIndexOf(path) === at));
      }),
    sweep: () =>
      inTurn(async () => {
        const names = await readdir(directory).catch(() => []);
        if (names.length === 0) return;
        const kept = new Set(boxes().flatMap(used));
        for (const name of names) if (!kept.has(name)) await drop(join(directory, name));
      }),
  };
}
