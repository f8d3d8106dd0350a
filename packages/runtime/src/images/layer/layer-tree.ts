import { lstatSync, mkdirSync, readlinkSync, type Stats } from 'node:fs';
import { ImageError } from 'boxlite/backend';
import { type BytePath, below, bytePath, onDisk, readable } from './byte-path.ts';
import type { LowerView } from './lower-view.ts';

/** Resolves names within one layer's directory, so that nothing ever leads out of it. */
export interface LayerTree {
  /** Absolute path of a resolved path of this tree. */
  absolute(path: BytePath): BytePath;
  /** An entry's name, split at slashes; leading slashes and dots are dropped; `ImageError` when it has a `..`. */
  components(name: BytePath): BytePath[];
  /**
   * The directory that holds an entry, with symlinks followed as if this layer were the root, and made where it is
   * missing (and then it looks like the one below, if there is one). `make: false` gives undefined instead.
   */
  parent(components: readonly BytePath[], make?: boolean): BytePath | undefined;
  /** To be called when something that may be a directory or a symlink was removed or replaced. */
  forget(): void;
}

/** How often one name may lead through a symlink: Linux's own limit. */
const maxHops = 40;

/** Makes the tree of a layer's directory; `onImplied` is told of each directory that had to be made. */
export function layerTree(
  root: string,
  lower: LowerView,
  onImplied: (path: BytePath, like: Stats | undefined) => void,
): LayerTree {
  const base = bytePath(root);
  // Directories of this layer that exist and whose names go through no symlink.
  const known = new Set<BytePath>(['']);
  const absolute = (path: BytePath): BytePath => (path === '' ? base : `${base}/${path}`);

  function look(path: BytePath, make: boolean): 'directory' | 'missing' | { readonly target: BytePath } {
    if (known.has(path)) return 'directory';
    const file = onDisk(absolute(path));
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink() === true) return { target: readlinkSync(file, { encoding: 'latin1' }) };
    if (stats !== undefined && !stats.isDirectory()) {
      throw new ImageError(`an entry of the layer lies below ${readable(path)}, which is not a directory`);
    }
    if (stats === undefined) {
      const like = lower.find(path);
      // A directory here would hide the symlink below, and everything that it leads to.
      if (like?.isSymbolicLink() === true) return { target: lower.readlink(path) };
      if (!make) return 'missing';
      mkdirSync(file, 0o755);
      onImplied(path, like?.isDirectory() === true ? like : undefined);
    }
    known.add(path);
    return 'directory';
  }

  return {
    absolute,
    components(name) {
      const parts = name.split('/').filter((part) => part !== '' && part !== '.');
      if (parts.includes('..')) {
        throw new ImageError(`the layer has an entry that leads out of it: ${JSON.stringify(readable(name))}`);
      }
      return parts;
    },
    parent(components, make = true) {
      const name = components.slice(0, -1).join('/');
      if (known.has(name)) return name;
      const waiting = components.slice(0, -1).reverse();
      const at: BytePath[] = [];
      let hops = 0;
      for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
        if (part === '' || part === '.') continue;
        if (part === '..') {
          at.pop();
          continue;
        }
        const path = below(at.join('/'), part);
        const found = look(path, make);
        if (found === 'missing') return undefined;
        if (found === 'directory') {
          at.push(part);
          continue;
        }
        if (++hops > maxHops) throw new ImageError(`too many symlinks on the way to ${readable(components.join('/'))}`);
        if (found.target.startsWith('/')) at.length = 0;
        waiting.push(...found.target.split('/').reverse());
      }
      return at.join('/');
    },
    forget() {
      known.clear();
      known.add('');
    },
  };
}
