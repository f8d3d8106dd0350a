import { execFile } from 'node:child_process';
import { linkSync, lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ImageError } from 'boxlite/backend';
import { type BytePath, below, onDisk } from './byte-path.ts';
import { isWhiteout, type LowerView } from './lower-view.ts';

const run = promisify(execFile);

/** Deletions that a layer asks for, by resolved directory. */
export interface Deletions {
  readonly names: ReadonlyMap<BytePath, ReadonlySet<BytePath>>;
  /** Directories that show nothing of the layers below. */
  readonly opaque: ReadonlySet<BytePath>;
}

/**
 * The paths of a finished layer at which whiteouts must stand. An opaque directory becomes a whiteout for each name
 * that the layers below have there and this one has not, which needs no extended attribute. A name that nothing below
 * has gets none: overlayfs shows a whiteout in a directory that it does not merge.
 */
export function whiteoutPaths(root: BytePath, lower: LowerView, deletions: Deletions): BytePath[] {
  const paths: BytePath[] = [];
  const here = (path: BytePath) => lstatSync(onDisk(`${root}/${path}`), { throwIfNoEntry: false });
  const hide = (path: BytePath): void => {
    const below = lower.find(path);
    if (below === undefined) return;
    const stats = here(path);
    if (stats === undefined) paths.push(path);
    else if (stats.isDirectory() && below.isDirectory()) hideAllIn(path);
  };
  const hideAllIn = (directory: BytePath): void => {
    for (const name of lower.names(directory)) hide(below(directory, name));
  };
  for (const directory of deletions.opaque) hideAllIn(directory);
  for (const [directory, names] of deletions.names) for (const name of names) hide(below(directory, name));
  return [...new Set(paths)];
}

/**
 * Puts a character device 0:0 at each path. Only the first is made by `mknod`, which Node lacks: the rest are hard
 * links to it, as overlayfs itself makes them.
 */
export async function placeWhiteouts(root: BytePath, paths: readonly BytePath[], directory: string): Promise<void> {
  if (paths.length === 0) return;
  let number = 0;
  let device = join(directory, `whiteout-${number}`);
  for (const path of paths) {
    for (let tries = 0; ; tries++) {
      if (lstatSync(device, { throwIfNoEntry: false }) === undefined) await makeDevice(device);
      try {
        linkSync(device, onDisk(`${root}/${path}`));
        break;
      } catch (error) {
        // ext4 allows 65,000 links.
        if (tries > 0 || !(error instanceof Error && 'code' in error && error.code === 'EMLINK')) throw error;
        device = join(directory, `whiteout-${++number}`);
      }
    }
  }
  for (let index = 0; index <= number; index++) rmSync(join(directory, `whiteout-${index}`), { force: true });
}

async function makeDevice(path: string): Promise<void> {
  const failures: unknown[] = [];
  for (const [command, ...first] of [['mknod'], ['busybox', 'mknod']] as const) {
    try {
      await run(command, [...first, path, 'c', '0', '0']);
      const stats = lstatSync(path);
      if (isWhiteout(stats)) return;
    } catch (error) {
      failures.push(error);
    }
  }
  throw new ImageError(
    `cannot make a whiteout at ${path}: this host has no working mknod; install coreutils or busybox`,
    {
      cause: new AggregateError(failures),
    },
  );
}
