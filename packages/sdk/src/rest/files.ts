import {
  type FileInfo as FileWire,
  fileInfo as fileInfoSchema,
  listDirectory,
  makeDirectory,
  read,
  readFile,
  removeFile,
  statFile,
  writeFile,
} from '@boxlite/api';
import { query, raw, StatusError } from '@boxlite/rest';
import type { BoxBackend, CallOptions } from '../backend/backend.ts';
import type { FileContent, FileInfo, FilesBackend } from '../backend/files.ts';
import { BoxliteError, InternalError, NetworkError } from '../errors.ts';
import { mostInMemoryBytes } from '../files.ts';
import { iterable } from '../iterable.ts';
import { loaded } from '../loaded.ts';
import { lines } from '../text.ts';
import { decodeBase64 } from './base64.ts';
import type { Connection } from './connection.ts';
import { askedBytes, saidContent } from './file-part.ts';
import { date } from './time-wire.ts';
import { withBody } from './upload-body.ts';
import { withFailure } from './with-failure.ts';

/** The files of a box on a server; one that has only archives reads and writes by these. */
export function restFiles(
  connection: Connection,
  box: string,
  archives: Pick<BoxBackend, 'upload' | 'download'>,
): FilesBackend {
  const here = singleFiles(connection, box);
  const able = async (call: CallOptions): Promise<FilesBackend> => {
    if (await connection.can('files_enabled', call)) return here;
    // Few servers need it: a page does not load it.
    const { tarFiles } = await loaded(() => import('./tar-files.ts'));
    return tarFiles(archives, mostInMemoryBytes);
  };
  return {
    read: async (path, range, call = {}) => (await able(call)).read(path, range, call),
    write: async (path, content, how, call = {}) => (await able(call)).write(path, content, how, call),
    async *list(path, call = {}) {
      yield* (await able(call)).list(path, call);
    },
    stat: async (path, how, call = {}) => (await able(call)).stat(path, how, call),
    remove: async (path, how, call = {}) => (await able(call)).remove(path, how, call),
    mkdir: async (path, how, call = {}) => (await able(call)).mkdir(path, how, call),
  };
}

function singleFiles(connection: Connection, box: string): FilesBackend {
  return {
    async read(path, { offset = 0, length } = {}, call = {}) {
      if (length === 0) return { ...(await size(path, call)), stream: nothing() };
      const end = length === undefined ? undefined : offset + length - 1;
      const range = offset > 0 || end !== undefined ? { start: offset, end } : undefined;
      try {
        const answer = await connection.send(raw(readFile({ box, path, range })), call);
        const body = withFailure(answer.body, connection);
        try {
          const asked = { offset, length };
          const { size: told, whole } = saidContent(path, asked, answer);
          const modifiedMs = Date.parse(answer.headers.get('last-modified') ?? '');
          const known =
            told === undefined || Number.isNaN(modifiedMs)
              ? await size(path, call)
              : { size: told, modifiedAt: new Date(modifiedMs) };
          return { ...known, stream: askedBytes(body, path, asked, { size: known.size, whole }) };
        } catch (error) {
          body.cancel(error).catch(() => {});
          throw error;
        }
      } catch (error) {
        const beyond =
          error instanceof BoxliteError && error.cause instanceof StatusError && error.cause.status === 416;
        if (!beyond) throw error;
        const known = await size(path, call);
        if (known.size <= offset) return { ...known, stream: nothing() };
        throw new InternalError(`the server has no bytes from ${offset} on of ${path}, which has ${known.size}`);
      }
    },

    async write(path, content, { mode, overwrite } = {}, call = {}) {
      const endpoint = { box, path, mode, overwrite };
      if (content instanceof Uint8Array) return connection.ignore(writeFile({ ...endpoint, content }), call);
      await withBody(content, connection.uploadBufferBytes, call.signal, (body) =>
        connection.ignore(writeFile({ ...endpoint, content: body }), call),
      );
    },

    async *list(path, call = {}) {
      const { body } = await connection.send(raw(listDirectory({ box, path })), call);
      for await (const line of lines(bounded(withFailure(body, connection)))) yield fileInfo(parsed(line));
    },

    async stat(path, { followSymlinks } = {}, call = {}) {
      const endpoint = statFile({ box, path, follow_symlinks: followSymlinks });
      return fileInfo(await connection.send(query(endpoint, fileInfoSchema), call));
    },

    remove: (path, { recursive } = {}, call = {}) => connection.ignore(removeFile({ box, path, recursive }), call),

    mkdir: (path, { parents, mode } = {}, call = {}) =>
      connection.ignore(makeDirectory({ box, path, parents, mode }), call),
  };

  async function size(path: string, call: CallOptions): Promise<Pick<FileContent, 'size' | 'modifiedAt'>> {
    const endpoint = statFile({ box, path, follow_symlinks: true });
    const { size: bytes, modifiedAt } = fileInfo(await connection.send(query(endpoint, fileInfoSchema), call));
    return { size: bytes, modifiedAt };
  }
}

function nothing(): ReadableStream<Uint8Array> {
  return iterable(new Blob([]).stream());
}

/** Two paths, written as JSON and base64, and some numbers. */
const mostLineBytes = 256 * 1024;

/** The bytes of lines; `InternalError` for one that goes on and on. */
async function* bounded(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let length = 0;
  for await (const bytes of stream) {
    const end = bytes.lastIndexOf(0x0a);
    length = end === -1 ? length + bytes.length : bytes.length - end - 1;
    if (length > mostLineBytes) throw new InternalError('the server listed what is no file: a line without an end');
    yield bytes;
  }
}

function parsed(line: string): FileWire {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new NetworkError('the list of the directory broke off; list it again', { cause });
  }
  let file: FileWire;
  try {
    file = read(fileInfoSchema, value);
  } catch (cause) {
    throw new InternalError(`the server listed what is no file: ${Object(cause).message}`, { cause });
  }
  // Programs make paths of names: none leads elsewhere.
  if (/^(?!\.{0,2}$)[^/\0]+$/.test(file.name)) return file;
  throw new InternalError(`the server listed ${JSON.stringify(file.name)}, which is no name`);
}

function fileInfo(file: FileWire): FileInfo {
  return {
    name: file.name,
    nameBytes: file.name_base64 == null ? undefined : decodeBase64(file.name_base64),
    type: file.type,
    size: file.size_bytes,
    mode: file.mode,
    uid: file.uid,
    gid: file.gid,
    modifiedAt: date('modified_at', file.modified_at),
    target: file.target ?? undefined,
  };
}
