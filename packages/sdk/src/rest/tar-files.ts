import type { BoxBackend } from '../backend/backend.ts';
import type { FilesBackend } from '../backend/files.ts';
import { InvalidArgumentError, NotFoundError, PayloadTooLargeError, UnsupportedError } from '../errors.ts';
import { packTar } from '../tar/pack.ts';
import { unpackTar } from '../tar/unpack.ts';

/** Single files on a server that has only archives: reading and writing, in memory, files of `mostBytes` at most. */
export function tarFiles(
  { upload, download }: Pick<BoxBackend, 'upload' | 'download'>,
  mostBytes: number,
): FilesBackend {
  const unsupported = (what: string): UnsupportedError =>
    new UnsupportedError(`this server cannot ${what} files; run a command for it, or use a newer server`);
  return {
    async read(path, { offset = 0, length } = {}, call = {}) {
      for await (const { header, content } of unpackTar(await download({ path, followSymlinks: true }, call))) {
        if (header.type !== 'file')
          throw new InvalidArgumentError(`${path} is a ${header.type}, not a file; copy it out`);
        if (header.size > mostBytes)
          throw new PayloadTooLargeError(
            `${path} has ${header.size} bytes, and this server gives files whole: copy it out`,
          );
        // As it comes: the size that a header claims is only a claim.
        const whole = new Blob(await Array.fromAsync(content, (bytes) => new Uint8Array(bytes)));
        const end = length === undefined ? whole.size : offset + length;
        return { size: whole.size, modifiedAt: new Date(header.mtimeMs), stream: whole.slice(offset, end).stream() };
      }
      throw new NotFoundError(`no such file in the box: ${path}`);
    },
    async write(path, content, { mode = 0o644, overwrite = true } = {}, call = {}) {
      const [, parent = '', name = ''] = /^(.*\/)?([^/]*)$/s.exec(path) ?? [];
      const bytes = content instanceof Uint8Array ? content : await new Response(content).bytes();
      const header = { name, type: 'file', size: bytes.length, mode, mtimeMs: Date.now() } as const;
      // Into the directory, by name: at the path itself it would land inside a directory of that name.
      await upload(packTar([{ header, content: [bytes] }]), { path: parent || '/', overwrite }, call);
    },
    async *list() {
      yield* [];
      throw unsupported('list');
    },
    stat: () => Promise.reject(unsupported('look at')),
    remove: () => Promise.reject(unsupported('remove')),
    mkdir: () => Promise.reject(unsupported('make directories for')),
  };
}
