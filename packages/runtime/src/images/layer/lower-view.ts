import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { type BytePath, below, bytePath, onDisk } from './byte-path.ts';

/** What the layers below show at a path, with whiteouts in effect, as overlayfs would show it. */
export interface LowerView {
  /** Undefined where there is nothing. The path must not go through symlinks. */
  find(path: BytePath): Stats | undefined;
  /** Names in a directory; empty where there is none. */
  names(directory: BytePath): readonly BytePath[];
  readlink(path: BytePath): BytePath;
}

/** True for what overlayfs takes for a deleted name: a character device 0:0. */
export function isWhiteout(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

/** Makes a view of layer directories, lowest first. They must not change meanwhile. */
export function lowerView(layers: readonly string[]): LowerView {
  const roots = layers.map(bytePath).reverse();
  // For each directory, the layer directories that are merged in it, topmost first.
  const merged = new Map<BytePath, readonly BytePath[]>([['', roots]]);

  function scan(path: BytePath): { readonly stats: Stats | undefined; readonly directories: readonly BytePath[] } {
    const slash = path.lastIndexOf('/');
    const parents = directories(slash === -1 ? '' : path.slice(0, slash));
    const name = path.slice(slash + 1);
    const found: BytePath[] = [];
    let first: Stats | undefined;
    for (const parent of parents) {
      const stats = lstatSync(onDisk(`${parent}/${name}`), { throwIfNoEntry: false });
      if (stats === undefined) continue;
      if (isWhiteout(stats)) break;
      first ??= stats;
      if (!stats.isDirectory()) break;
      found.push(`${parent}/${name}`);
    }
    return { stats: first, directories: found };
  }
  function directories(path: BytePath): readonly BytePath[] {
    const known = merged.get(path);
    if (known !== undefined) return known;
    const { stats, directories: found } = scan(path);
    const result = stats?.isDirectory() === true ? found : [];
    merged.set(path, result);
    return result;
  }
  return {
    find(path) {
      const top = roots[0];
      if (top === undefined) return undefined;
      return path === '' ? lstatSync(onDisk(top)) : scan(path).stats;
    },
    names(directory) {
      const names = new Set<BytePath>();
      const hidden = new Set<BytePath>();
      for (const layer of directories(directory)) {
        for (const entry of readdirSync(onDisk(layer), { encoding: 'latin1', withFileTypes: true })) {
          if (names.has(entry.name) || hidden.has(entry.name)) continue;
          const whiteout = entry.isCharacterDevice() && isWhiteout(lstatSync(onDisk(below(layer, entry.name))));
          (whiteout ? hidden : names).add(entry.name);
        }
      }
      return [...names];
    },
    readlink(path) {
      for (const root of roots) {
        const file = onDisk(`${root}/${path}`);
        const stats = lstatSync(file, { throwIfNoEntry: false });
        if (stats?.isSymbolicLink() === true) return readlinkSync(file, { encoding: 'latin1' });
      }
      throw new Error(`not a symlink: ${path}`);
    },
  };
}
