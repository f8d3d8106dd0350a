import { checkGuestPath, refuse } from './argument.ts';
import type { BoxBackend, CallOptions } from './backend/backend.ts';
import { InvalidArgumentError, NotFoundError } from './errors.ts';
import { packTar } from './tar/pack.ts';
import { unpackTar } from './tar/unpack.ts';

/** Options of `files.write`. */
export interface WriteFileOptions extends CallOptions {
  /** Permission bits. @default 0o644 */
  readonly mode?: number | undefined;
  /** When false, a file that exists is an `AlreadyExistsError`. @default true */
  readonly overwrite?: boolean | undefined;
}

/** A box's files, one at a time and in memory; for more, use `copyIn` and `copyOut`. */
export interface BoxFiles {
  /** A file's content; follows symbolic links. `InvalidArgumentError` for a directory. */
  read(path: string, call?: CallOptions): Promise<Uint8Array>;
  /** Writes a file whole, and makes the directories above it. */
  write(path: string, data: string | Uint8Array, options?: WriteFileOptions): Promise<void>;
}

/** The files of a box, through its archives. */
export function boxFiles(backend: BoxBackend): BoxFiles {
  return {
    async read(path, call = {}) {
      checkGuestPath('path', path);
      const archive = await backend.download({ path, followSymlinks: true }, call);
      for await (const { header, content } of unpackTar(archive)) {
        if (header.type !== 'file') throw new InvalidArgumentError(`${path} is a ${header.type}, not a file`);
        // As it comes: the size that a header claims is only a claim.
        return new Uint8Array(
          await new Blob(await Array.fromAsync(content, (bytes) => new Uint8Array(bytes))).arrayBuffer(),
        );
      }
      throw new NotFoundError(`no such file in the box: ${path}`);
    },
    async write(path, data, options = {}) {
      checkGuestPath('path', path);
      const [, parent = '', name = ''] = /^(.*\/)?([^/]*)$/s.exec(path) ?? [];
      if (name === '' || name === '.') refuse('path', 'the path of a file', path);
      if (typeof data !== 'string' && !(data instanceof Uint8Array)) refuse('data', 'text or bytes', data);
      const content = typeof data === 'string' ? new TextEncoder().encode(data) : data;
      const { mode = 0o644, overwrite = true, signal } = options;
      const header = { name, type: 'file', size: content.length, mode, mtimeMs: Date.now() } as const;
      // Into the directory, by name: at the path itself it would land inside a directory of that name.
      await backend.upload(packTar([{ header, content: [content] }]), { path: parent || '/', overwrite }, { signal });
    },
  };
}
