import { AlreadyExistsError, InvalidArgumentError } from '../errors.ts';
import type { TarHeader } from '../tar/entry.ts';
import { assertReplaceable, draftOf, hostFs } from './host-fs.ts';

/** A directory of the host that entries are written under; never through a symbolic link below it. */
export interface HostTarget {
  makeDirectory(segments: readonly string[], header: TarHeader): Promise<void>;
  makeFile(segments: readonly string[], header: TarHeader, content: AsyncIterable<Uint8Array>): Promise<void>;
  makeSymlink(segments: readonly string[], header: TarHeader): Promise<void>;
  makeHardlink(segments: readonly string[], existing: readonly string[]): Promise<void>;
  /** Sets the directories' modes and times, which writing into them would have changed. */
  finish(): Promise<void>;
}

/** Makes the directory and opens it as a target; the path itself is the user's and may be a link. */
export async function hostTarget(root: string, overwrite: boolean): Promise<HostTarget> {
  const { fs, path } = hostFs();
  await fs.mkdir(root, { recursive: true });
  const real = await fs.realpath(root);
  const directories: { readonly at: string; readonly header: TarHeader }[] = [];
  // Entries of one directory come in a row: what was checked last is most of what comes next.
  let checked = '';

  async function enter(segments: readonly string[]): Promise<string> {
    const wanted = path.join(real, ...segments);
    if (wanted === checked) return wanted;
    let at = real;
    for (const segment of segments) {
      at = path.join(at, segment);
      const stat = await fs.lstat(at).catch(() => undefined);
      if (stat === undefined) await fs.mkdir(at, 0o755);
      else if (!stat.isDirectory()) {
        const what = stat.isSymbolicLink() ? 'a symbolic link' : 'not a directory';
        throw new InvalidArgumentError(`refused to write through ${at}: it is ${what}`);
      }
    }
    checked = wanted;
    return wanted;
  }

  /** The path of a new entry, and whether something stands there that it may replace. */
  async function free(segments: readonly string[]): Promise<{ readonly at: string; readonly stands: boolean }> {
    const base = segments.at(-1);
    if (base === undefined) throw new InvalidArgumentError('refused an entry without a name');
    const at = path.join(await enter(segments.slice(0, -1)), base);
    const stat = await fs.lstat(at).catch(() => undefined);
    if (stat?.isDirectory()) throw new InvalidArgumentError(`cannot replace the directory ${at} by a file`);
    if (stat !== undefined && !overwrite)
      throw new AlreadyExistsError(`exists on this host: ${at}; copy with overwrite, or elsewhere`);
    if (stat !== undefined) await assertReplaceable(at);
    return { at, stands: stat !== undefined };
  }

  /** The path of a new link, with whatever stood there removed. */
  async function vacate(segments: readonly string[]): Promise<string> {
    const { at, stands } = await free(segments);
    if (stands) await fs.unlink(at);
    return at;
  }

  return {
    async makeDirectory(segments, header) {
      directories.push({ at: await enter(segments), header });
    },
    async makeFile(segments, header, content) {
      const { at: place, stands } = await free(segments);
      // What stands there stays until all of the new file is written.
      const at = stands ? draftOf(place) : place;
      const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = fs.constants;
      const file = await fs.open(at, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      try {
        for await (const bytes of content) {
          for (let offset = 0; offset < bytes.length; ) {
            offset += (await file.write(bytes, offset, bytes.length - offset)).bytesWritten;
          }
        }
        // Never set-user-id: the box's owners are not the host's.
        await file.chmod(header.mode & 0o777);
        await file.utimes(Date.now() / 1000, header.mtimeMs / 1000);
        if (stands) await fs.rename(at, place);
      } catch (error) {
        await fs.unlink(at).catch(() => undefined);
        throw error;
      } finally {
        await file.close();
      }
    },
    async makeSymlink(segments, header) {
      const at = await vacate(segments);
      await fs.symlink(header.linkName ?? '', at);
      await fs.lutimes(at, Date.now() / 1000, header.mtimeMs / 1000);
    },
    async makeHardlink(segments, existing) {
      if (segments.join('/') === existing.join('/')) return;
      const from = path.join(await enter(existing.slice(0, -1)), existing.at(-1) ?? '');
      const stat = await fs.lstat(from).catch(() => undefined);
      if (!stat?.isFile())
        throw new InvalidArgumentError(`refused a hard link to ${existing.join('/')}: no such file was copied`);
      await fs.link(from, await vacate(segments));
    },
    async finish() {
      for (const { at, header } of directories.reverse()) {
        await fs.chmod(at, header.mode & 0o777);
        await fs.utimes(at, Date.now() / 1000, header.mtimeMs / 1000);
      }
    },
  };
}
