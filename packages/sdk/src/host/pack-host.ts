import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { CopyOptions } from '../copy-options.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { TarHeader } from '../tar/entry.ts';
import { packTar, type TarEntry } from '../tar/pack.ts';
import { hostError, hostFs } from './host-fs.ts';

const chunkSize = 256 * 1024;

/** How a path of the host is packed. */
export interface PackHostOptions extends CopyOptions {
  /** Keeps who owns what. @default false: root */
  readonly owners?: boolean;
}

interface Walk extends PackHostOptions {
  done: number;
}

/**
 * Packs a file or directory of the host. A directory begins with `./`, a file is one entry: that is how the far side
 * tells them apart. Sockets, pipes and devices hold no content and are left out; the path itself may be a link.
 */
export async function packHost(hostPath: string, options: PackHostOptions): Promise<ReadableStream<Uint8Array>> {
  const { fs, path } = hostFs();
  const root = path.resolve(hostPath);
  try {
    const stat = await fs.stat(root);
    const walk: Walk = { ...options, done: 0 };
    if (stat.isFile()) return packTar(fileEntry(root, path.basename(root), walk, true));
    if (!stat.isDirectory()) throw new InvalidArgumentError(`hostPath is neither a file nor a directory: ${hostPath}`);
    if (options.recursive === false) {
      throw new InvalidArgumentError(`hostPath is a directory: ${hostPath}; copy it with recursive, or name a file`);
    }
    const { mode, mtimeMs } = stat;
    const top = options.includeParent ? path.basename(root) : '';
    return packTar(
      (async function* () {
        yield {
          header: {
            name: './',
            type: 'directory',
            size: 0,
            mode: top === '' ? mode & 0o7777 : 0o755,
            mtimeMs,
            ...owner(stat, walk),
          } as const,
        };
        if (top !== '') yield directory(top, stat, walk);
        yield* children(root, top, walk, [`${stat.dev}:${stat.ino}`]);
      })(),
    );
  } catch (error) {
    throw hostError(error, hostPath);
  }
}

async function* children(
  dir: string,
  name: string,
  walk: Walk,
  above: readonly string[],
): AsyncGenerator<TarEntry, void, undefined> {
  const { fs, path } = hostFs();
  try {
    for await (const { name: base } of await fs.opendir(dir)) {
      const at = path.join(dir, base);
      const entry = name === '' ? base : `${name}/${base}`;
      const stat = await (walk.followSymlinks ? fs.stat(at) : fs.lstat(at)).catch((error: unknown) => {
        throw hostError(error, at);
      });
      if (stat.isFile()) yield* fileEntry(at, entry, walk, walk.followSymlinks === true);
      else if (stat.isSymbolicLink()) yield await symlink(at, entry, stat, walk);
      else if (stat.isDirectory()) {
        const id = `${stat.dev}:${stat.ino}`;
        if (above.includes(id))
          throw new InvalidArgumentError(`${at} links to a directory above it: copy without followSymlinks`);
        yield directory(entry, stat, walk);
        yield* children(at, entry, walk, [...above, id]);
      }
    }
  } catch (error) {
    throw hostError(error, dir);
  }
}

function owner({ uid, gid }: Stats, { owners }: Walk): Pick<TarHeader, 'uid' | 'gid'> {
  return owners ? { uid, gid } : {};
}

function directory(name: string, stat: Stats, walk: Walk): TarEntry {
  const { mode, mtimeMs } = stat;
  const header = { name: `${name}/`, type: 'directory', size: 0, mode: mode & 0o7777, mtimeMs } as const;
  return { header: { ...header, ...owner(stat, walk) } };
}

async function symlink(at: string, name: string, stat: Stats, walk: Walk): Promise<TarEntry> {
  const linkName = await hostFs().fs.readlink(at);
  const header = { name, type: 'symlink', size: 0, mode: 0o777, mtimeMs: stat.mtimeMs, linkName } as const;
  return { header: { ...header, ...owner(stat, walk) } };
}

/** The size comes from the open file, not from what stood at its path a moment ago. */
async function* fileEntry(
  at: string,
  name: string,
  walk: Walk,
  follow: boolean,
): AsyncGenerator<TarEntry, void, undefined> {
  const { fs } = hostFs();
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
  let file: FileHandle | undefined;
  try {
    file = await fs.open(at, O_RDONLY | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW));
    const stat = await file.stat();
    const { size, mode, mtimeMs } = stat;
    const header: TarHeader = { name, type: 'file', size, mode: mode & 0o7777, mtimeMs, ...owner(stat, walk) };
    yield { header, content: content(file, header, walk) };
  } catch (error) {
    throw hostError(error, at);
  } finally {
    await file?.close();
  }
}

async function* content(file: FileHandle, { name, size }: TarHeader, walk: Walk): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0; ) {
    walk.signal?.throwIfAborted();
    const buffer = new Uint8Array(Math.min(chunkSize, left));
    const { bytesRead } = await file.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return;
    left -= bytesRead;
    walk.done += bytesRead;
    yield buffer.subarray(0, bytesRead);
    walk.onProgress?.({ path: name, completedBytes: walk.done });
  }
}
