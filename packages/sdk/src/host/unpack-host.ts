import type { CopyOptions } from '../copy-options.ts';
import { InvalidArgumentError } from '../errors.ts';
import { type UnpackedEntry, unpackTar } from '../tar/unpack.ts';
import { checkLinkTarget, entrySegments } from './entry-path.ts';
import { hostError, hostFs } from './host-fs.ts';
import { type HostTarget, hostTarget } from './host-target.ts';

/**
 * Unpacks a box's archive on the host. A lone file lands at `hostPath` itself, or in it where that is a directory or
 * ends in `/`; a directory lands in `hostPath`. The archive is hostile: what would leave the target is an error.
 */
export async function unpackHost(
  archive: ReadableStream<Uint8Array>,
  hostPath: string,
  options: CopyOptions,
): Promise<void> {
  try {
    const place = await startingPlace(hostPath);
    let landing: Landing | undefined;
    let done = 0;
    for await (const entry of unpackTar(archive)) {
      options.signal?.throwIfAborted();
      landing ??= await land(entry, place, options);
      await landing.put({
        header: entry.header,
        content: counted(entry.content, options.signal, (bytes) => {
          done += bytes;
          options.onProgress?.({ path: entry.header.name, completedBytes: done });
        }),
      });
    }
    if (landing === undefined) throw new InvalidArgumentError('the archive is empty: nothing was copied');
    await landing.finish();
  } catch (error) {
    throw hostError(error, hostPath);
  }
}

interface Place {
  readonly path: string;
  readonly asDirectory: boolean;
}

interface Landing {
  put(entry: { header: UnpackedEntry['header']; content: AsyncIterable<Uint8Array> }): Promise<void>;
  finish(): Promise<void>;
}

async function startingPlace(hostPath: string): Promise<Place> {
  const { fs, path } = hostFs();
  const stat = await fs.stat(hostPath).catch(() => undefined);
  return { path: path.resolve(hostPath), asDirectory: hostPath.endsWith('/') || stat?.isDirectory() === true };
}

/** The first entry says what is copied, and so where. */
async function land({ header }: UnpackedEntry, place: Place, options: CopyOptions): Promise<Landing> {
  const { path } = hostFs();
  const { overwrite = true, includeParent = true, recursive = true } = options;
  const [top, ...rest] = entrySegments(header.name);
  if (header.type === 'file' && top !== undefined && rest.length === 0) {
    const root = place.asDirectory ? place.path : path.dirname(place.path);
    return loneFile(await hostTarget(root, overwrite), place.asDirectory ? top : path.basename(place.path));
  }
  if (!recursive) throw new InvalidArgumentError('guestPath is a directory; copy it with recursive, or name a file');
  const named = top !== undefined;
  return tree(await hostTarget(place.path, overwrite), {
    skip: named && !includeParent ? 1 : 0,
    base: named && includeParent ? [top] : [],
  });
}

function loneFile(target: HostTarget, name: string): Landing {
  let put = false;
  return {
    async put({ header, content }) {
      if (put)
        throw new InvalidArgumentError(`refused ${JSON.stringify(header.name)}: the archive of one file has more`);
      put = true;
      await target.makeFile([name], header, content);
    },
    finish: () => target.finish(),
  };
}

function tree(
  target: HostTarget,
  { skip, base }: { readonly skip: number; readonly base: readonly string[] },
): Landing {
  return {
    async put({ header, content }) {
      const segments = entrySegments(header.name).slice(skip);
      if (header.type === 'directory') return target.makeDirectory(segments, header);
      if (header.type === 'file') return target.makeFile(segments, header, content);
      if (header.type === 'symlink') {
        checkLinkTarget(segments, header.linkName ?? '', base);
        return target.makeSymlink(segments, header);
      }
      const existing = entrySegments(header.linkName ?? '').slice(skip);
      if (existing.slice(0, base.length).join('/') !== base.join('/')) {
        throw new InvalidArgumentError(
          `refused a hard link to ${JSON.stringify(header.linkName)}: outside of what is copied`,
        );
      }
      return target.makeHardlink(segments, existing);
    },
    finish: () => target.finish(),
  };
}

async function* counted(
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const bytes of content) {
    signal?.throwIfAborted();
    yield bytes;
    count(bytes.length);
  }
}
