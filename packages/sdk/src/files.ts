import { checkFlag, checkGuestPath, checkWhole, refuse } from './argument.ts';
import type { BoxBackend, CallOptions } from './backend/backend.ts';
import type { FileContent, FileInfo, ReadFileRange } from './backend/files.ts';
import { PayloadTooLargeError } from './errors.ts';

/** What is read into memory at most: about the longest text that there is. */
export const mostInMemoryBytes: number = 2 ** 29;

/** Options of `files.read`, `files.readText` and `files.readStream`. */
export interface ReadFileOptions extends CallOptions {
  /** The first byte to read; one beyond the end reads nothing. @default 0 */
  readonly offset?: number | undefined;
  /** Most bytes to read. @default all that follow */
  readonly length?: number | undefined;
}

/** Options of `files.write`. */
export interface WriteFileOptions extends CallOptions {
  /** Permission bits. @default those of the file that is replaced, or 0o644 */
  readonly mode?: number | undefined;
  /** When false, a file that exists is an `AlreadyExistsError`. @default true */
  readonly overwrite?: boolean | undefined;
}

/** Options of `files.stat`. */
export interface StatFileOptions extends CallOptions {
  /** Tells of what a symbolic link leads to, instead of the link. @default false */
  readonly followSymlinks?: boolean | undefined;
}

/** Options of `files.remove`. */
export interface RemoveFileOptions extends CallOptions {
  /** Removes a directory with all that is in it. @default false */
  readonly recursive?: boolean | undefined;
}

/** Options of `files.mkdir`. */
export interface MakeDirectoryOptions extends CallOptions {
  /** Makes the directories above it too; one that is there already is fine. @default false */
  readonly parents?: boolean | undefined;
  /** Permission bits of the directory itself. @default 0o755 */
  readonly mode?: number | undefined;
}

/**
 * A box's files, one at a time; `copyIn` and `copyOut` take trees. Paths are absolute or relative to `/`. A missing path
 * is a `NotFoundError` that names it. A box that does not run is started.
 */
export interface BoxFiles {
  /** A file's content, in memory, 512 MiB at most; follows symbolic links. `InvalidArgumentError` for a directory, `PayloadTooLargeError` for more. */
  read(path: string, options?: ReadFileOptions): Promise<Uint8Array>;
  /** A file's content as UTF-8 text, in memory; bytes that are none are U+FFFD. */
  readText(path: string, options?: ReadFileOptions): Promise<string>;
  /** A file's content as a stream, read no faster than it is taken; cancel it to stop. */
  readStream(path: string, options?: ReadFileOptions): Promise<ReadableStream<Uint8Array>>;
  /** Writes a file in place at once or not at all, and makes the directories above it. Memory does not grow with a stream. */
  write(
    path: string,
    content: string | Uint8Array | ReadableStream<Uint8Array>,
    options?: WriteFileOptions,
  ): Promise<void>;
  /** What is in a directory, in no order, as it comes; `Array.fromAsync` makes an array of it. */
  list(path: string, call?: CallOptions): AsyncGenerator<FileInfo, void, undefined>;
  /** What a path leads to; a symbolic link itself unless `followSymlinks` is set. */
  stat(path: string, options?: StatFileOptions): Promise<FileInfo>;
  /** Removes a file, a link or an empty directory. */
  remove(path: string, options?: RemoveFileOptions): Promise<void>;
  /** Makes a directory; `AlreadyExistsError` where something is there. */
  mkdir(path: string, options?: MakeDirectoryOptions): Promise<void>;
}

interface OwnedWrite {
  write(
    path: string,
    content: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    options?: WriteFileOptions,
  ): Promise<void>;
}

/** The files of a box; bytes to write are the callee's. */
export function boxFiles({ files }: Pick<BoxBackend, 'files'>): Omit<BoxFiles, 'write'> & OwnedWrite {
  async function content(path: string, options: ReadFileOptions = {}): Promise<FileContent> {
    checkGuestPath('path', path);
    const { offset, length, signal } = options;
    checkWhole('offset', offset, 0);
    checkWhole('length', length, 0);
    const range: ReadFileRange = { ...(offset !== undefined && { offset }), ...(length !== undefined && { length }) };
    return files.read(path, range, { signal });
  }
  /** The size comes from the box, and may be anything. */
  async function whole(path: string, options: ReadFileOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const { size, stream } = await content(path, options);
    const { offset = 0, length = size } = options;
    if (Math.min(size - offset, length) <= mostInMemoryBytes) return new Response(stream).bytes();
    stream.cancel().catch(() => {});
    throw new PayloadTooLargeError(
      `${path} has ${size} bytes, and ${mostInMemoryBytes} are the most that is read into memory: give a length, or use readStream`,
    );
  }
  return {
    readStream: async (path, options) => (await content(path, options)).stream,
    read: whole,
    async readText(path, options) {
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await whole(path, options));
    },
    async write(path, content, options = {}) {
      checkName(path);
      if (path.endsWith('/')) refuse('path', 'a path without a slash at its end, which only a directory has', path);
      const { mode, overwrite = true, signal } = options;
      checkMode(mode);
      checkFlag('overwrite', overwrite);
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      if (!(bytes instanceof Uint8Array || bytes instanceof ReadableStream))
        refuse('content', 'text, bytes or a ReadableStream of bytes', content);
      await files.write(path, bytes, { overwrite, ...(mode !== undefined && { mode }) }, { signal });
    },
    async *list(path, call = {}) {
      checkGuestPath('path', path);
      yield* files.list(path, call);
    },
    async stat(path, { followSymlinks = false, signal } = {}) {
      checkGuestPath('path', path);
      checkFlag('followSymlinks', followSymlinks);
      return files.stat(path, { followSymlinks }, { signal });
    },
    async remove(path, { recursive = false, signal } = {}) {
      checkName(path);
      checkFlag('recursive', recursive);
      await files.remove(path, { recursive }, { signal });
    },
    async mkdir(path, { parents = false, mode, signal } = {}) {
      checkName(path);
      checkFlag('parents', parents);
      checkMode(mode);
      await files.mkdir(path, { parents, ...(mode !== undefined && { mode }) }, { signal });
    },
  };
}

/** A path that ends with a name, and so can be made, replaced or removed. */
function checkName(path: unknown): void {
  checkGuestPath('path', path);
  if (typeof path === 'string' && /^\/*$|(^|\/)\.\/*$/.test(path)) refuse('path', 'a path that ends with a name', path);
}

function checkMode(mode: unknown): void {
  checkWhole('mode', mode, 0, 0o7777);
}
