import {
  listDirectoryQuery,
  makeDirectoryQuery,
  readFileQuery,
  removeFileQuery,
  statFileQuery,
  writeFileQuery,
} from '@boxlite/api';
import { type BoxBackend, type FileInfo, InvalidArgumentError, PayloadTooLargeError } from 'boxlite/backend';
import { type ByteRange, byteRange } from '../files/byte-range.ts';
import { jsonLines } from '../files/json-lines.ts';
import { limitedStream, tooLarge } from '../files/limited-stream.ts';
import { type Pace, pacedStream } from '../files/paced-stream.ts';
import { HttpError } from '../http/http-error.ts';
import { requireMediaType } from '../http/media-type.ts';
import { empty, json, streamed } from '../http/respond.ts';
import { readQuery } from '../http/validated.ts';
import { makeOnce, removeOnce } from '../idempotency/files.ts';
import { fileToWire } from '../wire/file.ts';
import { present } from '../wire/present.ts';
import { pathBox, type RestCall, type Routes } from './route.ts';

const bytesType = 'application/octet-stream';

/** The operations on files one at a time. */
export function singleFileRoutes(
  pace: Pace,
): Routes<'readFile' | 'writeFile' | 'listDirectory' | 'statFile' | 'removeFile' | 'makeDirectory'> {
  return {
    async readFile(call) {
      const { path } = readQuery(call.request, readFileQuery);
      // No answer has a validator that `If-Range` could hold against the file.
      const range = call.request.headers.has('if-range') ? undefined : byteRange(call.request.headers.get('range'));
      const box = await pathBox(call);
      const limitBytes = await transferLimit(call);
      const { signal } = call.request;
      const part = range && (await startOf(range, box, path, signal));
      const { size, modifiedAt, stream } = await box.files.read(path, present(part ?? {}), { signal });
      const offset = part?.offset ?? 0;
      const length = Math.min(size - offset, part?.length ?? Number.POSITIVE_INFINITY);
      try {
        if (part && length <= 0) throw beyond(size, offset);
        if (length > limitBytes) throw tooLarge(limitBytes, 'the file, or the part of it,');
      } catch (error) {
        stream.cancel().catch(() => {});
        throw error;
      }
      const { headers, body } = streamed(bytesType, stream);
      return {
        status: part ? 206 : 200,
        headers: {
          ...headers,
          'content-length': `${length}`,
          'accept-ranges': 'bytes',
          'last-modified': modifiedAt.toUTCString(),
          ...(part && { 'content-range': `bytes ${offset}-${offset + length - 1}/${size}` }),
        },
        body,
      };
    },

    async writeFile(call) {
      const { request } = call;
      const { path, ...how } = readQuery(request, writeFileQuery);
      requireMediaType(request, bytesType);
      const limitBytes = await transferLimit(call);
      if (Number(request.headers.get('content-length') ?? 0) > limitBytes) throw tooLarge(limitBytes, 'the file');
      const box = await pathBox(call);
      const body = request.body ?? new Blob([]).stream();
      const { stream, failure } = limitedStream(pacedStream(body, pace), limitBytes, 'the file');
      const { signal } = request;
      const write = (): Promise<void> => box.files.write(path, stream, present(how), { signal });
      try {
        if (how.overwrite === false) await makeOnce(call.attempt, () => box.files.stat(path, {}, { signal }), write);
        else await write();
      } catch (error) {
        const cause = failure();
        if (cause instanceof PayloadTooLargeError || cause instanceof HttpError) throw cause;
        if (cause === undefined) throw error;
        throw new InvalidArgumentError('the body broke off before its end; nothing was written', { cause });
      }
      return empty(204);
    },

    async listDirectory(call) {
      const { path } = readQuery(call.request, listDirectoryQuery);
      const box = await pathBox(call);
      const lines = await jsonLines(onTheWire(box.files.list(path, { signal: call.request.signal })));
      return streamed('application/x-ndjson', lines);
    },

    async statFile(call) {
      const { path, follow_symlinks: followSymlinks } = readQuery(call.request, statFileQuery);
      const box = await pathBox(call);
      const info = await box.files.stat(path, present({ followSymlinks }), { signal: call.request.signal });
      return json(200, fileToWire(info));
    },

    async removeFile(call) {
      const { path, ...how } = readQuery(call.request, removeFileQuery);
      const box = await pathBox(call);
      const { signal } = call.request;
      const look = (): Promise<FileInfo> => box.files.stat(path, {}, { signal });
      await removeOnce(call.attempt, look, () => box.files.remove(path, present(how), { signal }));
      return empty(204);
    },

    async makeDirectory(call) {
      const { path, ...how } = readQuery(call.request, makeDirectoryQuery);
      const box = await pathBox(call);
      const { signal } = call.request;
      const look = (): Promise<FileInfo> => box.files.stat(path, {}, { signal });
      await makeOnce(call.attempt, look, () => box.files.mkdir(path, present(how), { signal }));
      return empty(204);
    },
  };
}

async function transferLimit({ backend }: RestCall): Promise<number> {
  return (await backend.config()).capabilities.fileTransferMaxBytes;
}

/** Where a range begins; for the last bytes of a file that takes a look at its size. */
async function startOf(
  range: ByteRange,
  box: BoxBackend,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly offset: number; readonly length: number | undefined }> {
  if (!('last' in range)) return range;
  const { size } = await box.files.stat(path, { followSymlinks: true }, { signal });
  if (range.last === 0) throw beyond(size, size);
  return { offset: Math.max(0, size - range.last), length: range.last };
}

function beyond(size: number, offset: number): HttpError {
  return new HttpError(416, 'InvalidArgumentError', `the file has ${size} bytes, and none from ${offset} on`, {
    'content-range': `bytes */${size}`,
  });
}

async function* onTheWire(entries: AsyncIterable<FileInfo>): AsyncGenerator<unknown, void, undefined> {
  for await (const entry of entries) yield fileToWire(entry);
}
