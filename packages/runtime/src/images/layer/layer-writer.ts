import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  type Stats,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { ImageError } from 'boxlite/backend';
import type { TarEntry, TarReadEntry } from '../../tar/reader.ts';
import { type BytePath, below, bytePath, onDisk, readable } from './byte-path.ts';
import { writeContent } from './file-content.ts';
import { layerTree } from './layer-tree.ts';
import type { LowerView } from './lower-view.ts';
import { placeWhiteouts, whiteoutPaths } from './whiteout.ts';

/** Fills one layer's directory, entry by entry. */
export interface LayerWriter {
  /** Puts an entry in place, whole; a later entry of the same name replaces an earlier one. `ImageError`. */
  add(entry: TarReadEntry): Promise<void>;
  /** Places whiteouts and sets what is known of directories; nothing may be added after. */
  finish(): Promise<void>;
}

export interface LayerWriterOptions {
  /** Whether `.wh.` names delete (OCI image spec, layer.md, "Whiteouts"), or are names like any other. @default true */
  readonly whiteouts?: boolean;
  /** Added to every owner's id but that of the root, which stays whose it is; `none` keeps no owners. @default 0 */
  readonly idShift?: number | 'none' | undefined;
}

type Metadata = Pick<TarEntry, 'mode' | 'uid' | 'gid' | 'mtime'>;

const exclusive = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const nobody = 65_534;
/** Owners are kept only by root: without it, all that a box can have belongs to who runs it. */
const mayOwn = process.geteuid?.() === 0;

/** Writes into an empty directory, on top of what `lower` shows. Devices, sockets and FIFOs are left out. */
export function layerWriter(root: string, lower: LowerView, options: LayerWriterOptions = {}): LayerWriter {
  const owns = mayOwn && options.idShift !== 'none';
  const idShift = typeof options.idShift === 'number' ? options.idShift : 0;
  // Ids that a box does not have are nobody's in it.
  const shifted = (id: number): number => (idShift === 0 ? id : Math.min(id, nobody) + idShift);
  const like = (stats: Stats | undefined): Metadata | undefined => stats && metadataOf(stats, idShift);
  const directories = new Map<BytePath, Metadata>([['', like(lower.find('')) ?? fresh()]]);
  const deleted = new Map<BytePath, Set<BytePath>>();
  const opaque = new Set<BytePath>();
  const tree = layerTree(root, lower, (path, stats) => directories.set(path, like(stats) ?? fresh()));

  function remove(path: BytePath, stats: Stats): void {
    rmSync(onDisk(tree.absolute(path)), { recursive: true });
    if (stats.isDirectory()) {
      for (const known of directories.keys()) {
        if (known === path || known.startsWith(`${path}/`)) directories.delete(known);
      }
    }
    if (stats.isDirectory() || stats.isSymbolicLink()) tree.forget();
  }
  function place<T>(path: BytePath, create: (file: string | Buffer) => T): T {
    const file = onDisk(tree.absolute(path));
    try {
      return create(file);
    } catch (error) {
      const stats = isCode(error, 'EEXIST') ? lstatSync(file, { throwIfNoEntry: false }) : undefined;
      if (stats === undefined) throw error;
      remove(path, stats);
      return create(file);
    }
  }
  function directory(path: BytePath, entry: TarEntry): void {
    const file = onDisk(tree.absolute(path));
    const stats = path === '' ? lstatSync(file) : lstatSync(file, { throwIfNoEntry: false });
    if (stats !== undefined && !stats.isDirectory()) remove(path, stats);
    if (stats?.isDirectory() !== true) mkdirSync(file, 0o755);
    directories.set(path, entry);
  }
  function hardlink(path: BytePath, entry: TarEntry): void {
    const target = tree.components(entry.linkPath);
    const parent = target.length === 0 ? undefined : tree.parent(target, false);
    const from = parent === undefined ? undefined : below(parent, target.at(-1) ?? '');
    const stats = from === undefined ? undefined : lstatSync(onDisk(tree.absolute(from)), { throwIfNoEntry: false });
    if (from === undefined || stats === undefined || stats.isDirectory()) {
      throw new ImageError(
        `the layer has a hard link ${readable(path)} to ${readable(entry.linkPath)}, which is no file of that layer`,
      );
    }
    if (from !== path) place(path, (file) => linkSync(onDisk(tree.absolute(from)), file));
  }
  async function file(path: BytePath, entry: TarReadEntry): Promise<void> {
    const descriptor = place(path, (name) => openSync(name, exclusive, 0o600));
    try {
      await writeContent(descriptor, entry.body, entry.size);
      if (owns) fchownSync(descriptor, shifted(entry.uid), shifted(entry.gid));
      fchmodSync(descriptor, entry.mode);
      futimesSync(descriptor, entry.mtime, entry.mtime);
    } finally {
      closeSync(descriptor);
    }
  }
  function symlink(path: BytePath, entry: TarEntry): void {
    place(path, (name) => symlinkSync(onDisk(entry.linkPath), name));
    const name = onDisk(tree.absolute(path));
    if (owns) lchownSync(name, shifted(entry.uid), shifted(entry.gid));
    lutimesSync(name, entry.mtime, entry.mtime);
  }
  function deletion(parent: BytePath, name: BytePath): void {
    if (name === '.wh..opq') {
      opaque.add(parent);
    } else if (!name.startsWith('.wh.')) {
      if (name === '' || name === '.' || name === '..') throw new ImageError('the layer has a whiteout without a name');
      const names = deleted.get(parent) ?? new Set();
      deleted.set(parent, names.add(name));
    } // Other names in `.wh..wh.` are aufs's own bookkeeping.
  }
  async function put(entry: TarReadEntry): Promise<void> {
    const components = tree.components(entry.path);
    const name = components.at(-1);
    if (name === undefined) {
      if (entry.type !== 'directory') throw new ImageError(`the layer's root is a ${entry.type}, not a directory`);
      directories.set('', entry);
      return;
    }
    const device = entry.type === 'character' || entry.type === 'block' || entry.type === 'fifo';
    const whiteout = entry.type === 'character' && entry.deviceMajor === 0 && entry.deviceMinor === 0;
    if (device && !whiteout) return;
    const parent = tree.parent(components) ?? '';
    if (options.whiteouts !== false && name.startsWith('.wh.')) return deletion(parent, name.slice('.wh.'.length));
    if (whiteout) return deletion(parent, name);
    const path = below(parent, name);
    if (entry.type === 'file') return file(path, entry);
    if (entry.type === 'directory') return directory(path, entry);
    if (entry.type === 'symlink') return symlink(path, entry);
    return hardlink(path, entry);
  }

  return {
    async add(entry) {
      try {
        await put(entry);
      } catch (error) {
        if (!isSystemError(error)) throw error;
        throw new ImageError(`cannot unpack ${JSON.stringify(readable(entry.path))}: ${error.message}`, {
          cause: error,
        });
      }
    },
    async finish() {
      const base = bytePath(root);
      await placeWhiteouts(base, whiteoutPaths(base, lower, { names: deleted, opaque }), dirname(root));
      // Deepest first: what is put in a directory changes its time, and a mode may take the right to change it.
      for (const [path, { mode, uid, gid, mtime }] of [...directories].sort(([a], [b]) => b.length - a.length)) {
        const name = onDisk(tree.absolute(path));
        // The root of a layer does not show in a box; it must be movable by who runs this.
        const stays = idShift > 0 && path === '';
        if (owns && !stays) lchownSync(name, shifted(uid), shifted(gid));
        // Without root, what its owner may not change could never be removed again.
        chmodSync(name, owns && !stays ? mode : mode | 0o700);
        utimesSync(name, mtime, mtime);
      }
    },
  };
}

function fresh(): Metadata {
  return { mode: 0o755, uid: 0, gid: 0, mtime: 0 };
}

function metadataOf({ mode, uid, gid, mtimeMs }: Stats, idShift: number): Metadata {
  const own = (id: number): number => Math.max(0, id - idShift);
  return { mode: mode & 0o7777, uid: own(uid), gid: own(gid), mtime: mtimeMs / 1000 };
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
