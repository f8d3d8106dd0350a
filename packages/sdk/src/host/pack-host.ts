import type { FileHandle } from 'node:fs/promises';
import type { CopyOptions } from '../copy-options.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { TarHeader } from '../tar/entry.ts';
import { packTar, type TarEntry } from '../tar/pack.ts';
import { hostError, hostFs } from './host-fs.ts';

const chunkSize = 256 * 1024;

interface Walk extends CopyOptions {
  done: number;
}

/**
 * Packs a file or directory of the host. A directory begins with `./`, a file is one entry: that is how the far side
 * tells them apart. Sockets, pipes and devices hold no content and are left out; the path itself may be a link.
 */
export async function packHost(hostPath: string, options: CopyOptions): Promise<ReadableStream<Uint8Array>> {
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
          } as const,
        };
        if (top !== '') yield directory(top, { mode, mtimeMs });
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
      else if (stat.isSymbolicLink()) yield await symlink(at, entry, stat.mtimeMs);
      else if (stat.isDirectory()) {
        const id = `${stat.dev}:${stat.ino}`;
        if (above.includes(id))
          throw new InvalidArgumentError(`${at} links to a directory above it: copy without followSymlinks`);
        yield directory(entry, stat);
        yield* children(at, entry, walk, [...above, id]);
      }
    }
  } catch (error) {
    throw hostError(error, dir);
  }
}

function directory(name: string, { mode, mtimeMs }: { mode: number; mtimeMs: number }): TarEntry {
  return { header: { name: `${name}/`, type: 'directory', size: 0, mode: mode & 0o7777, mtimeMs } };
}

async function symlink(at: string, name: string, mtimeMs: number): Promise<TarEntry> {
  const linkName = await hostFs().fs.readlink(at);
  return { header: { name, type: 'symlink', size: 0, mode: 0o777, mtimeMs, linkName } };
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
    const { size, mode, mtimeMs } = await file.stat();
    const header: TarHeader = { name, type: 'file', size, mode: mode & 0o7777, mtimeMs };
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
