import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { ImageError } from 'boxlite/backend';
import type { TarEntryType, TarReadEntry } from '../../tar/reader.ts';
import { type BytePath, below, bytePath, onDisk, readable } from './byte-path.ts';

/** Everything in a directory of the host as entries, sorted, parents first, hard links kept; symlinks are not followed. */
export async function* directoryEntries(root: string): AsyncGenerator<TarReadEntry, void, undefined> {
  const base = bytePath(root);
  const linked = new Map<string, BytePath>();
  async function* walk(path: BytePath): AsyncGenerator<TarReadEntry, void, undefined> {
    const name = onDisk(path === '' ? base : `${base}/${path}`);
    const stats = await lstat(name);
    const type = typeOf(stats);
    if (type === undefined) return;
    const inode = `${stats.dev}:${stats.ino}`;
    const first = type === 'file' && stats.nlink > 1 ? linked.get(inode) : undefined;
    if (type === 'file' && stats.nlink > 1 && first === undefined) linked.set(inode, path);
    const size = type === 'file' && first === undefined ? stats.size : 0;
    yield {
      path: path === '' ? '.' : path,
      type: first === undefined ? type : 'hardlink',
      mode: stats.mode & 0o7777,
      uid: stats.uid,
      gid: stats.gid,
      size,
      mtime: stats.mtimeMs / 1000,
      linkPath: first ?? (type === 'symlink' ? await readlink(name, { encoding: 'latin1' }) : ''),
      deviceMajor: 0,
      deviceMinor: 0,
      body: content(name, size),
    };
    if (type !== 'directory') return;
    for (const child of (await readdir(name, { encoding: 'latin1' })).sort()) yield* walk(below(path, child));
  }
  const stats = await lstat(root);
  if (!stats.isDirectory()) throw new ImageError(`${readable(base)} is not a directory`);
  yield* walk('');
}

/** Passes entries on and hashes all that is in them; `digest` is for after the last. */
export function hashedEntries(entries: AsyncIterable<TarReadEntry>): {
  readonly entries: AsyncIterable<TarReadEntry>;
  digest(): string;
} {
  const hash = createHash('sha256');
  async function* tap(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of body) {
      hash.update(chunk);
      yield chunk;
    }
  }
  async function* all(): AsyncGenerator<TarReadEntry, void, undefined> {
    for await (const entry of entries) {
      const { body, ...fields } = entry;
      hash.update(`${JSON.stringify(fields)}\n`);
      yield { ...fields, body: tap(body) };
    }
  }
  return { entries: all(), digest: () => `sha256:${hash.digest('hex')}` };
}

function typeOf(stats: {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}): TarEntryType | undefined {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : undefined;
}

/** Opened only when it is read, so that nothing stays open where it is not. */
async function* content(name: string | Buffer, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  if (size > 0) yield* createReadStream(name, { end: size - 1, highWaterMark: 512 * 1024 });
}
