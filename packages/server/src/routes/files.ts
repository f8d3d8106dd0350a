import { downloadFilesQuery, uploadFilesQuery } from '@boxlite/api';
import { PayloadTooLargeError } from 'boxlite/backend';
import { limitedStream, tooLarge } from '../files/limited-stream.ts';
import { type Pace, pacedStream } from '../files/paced-stream.ts';
import { HttpError } from '../http/http-error.ts';
import { requireMediaType } from '../http/media-type.ts';
import { empty, streamed } from '../http/respond.ts';
import { readQuery } from '../http/validated.ts';
import { present } from '../wire/present.ts';
import { pathBox, type Routes } from './route.ts';

/** The operations on files: tar archives in and out, streamed. */
export function fileRoutes(pace: Pace): Routes<'uploadFiles' | 'downloadFiles'> {
  return {
    async uploadFiles(call) {
      const { request } = call;
      const query = readQuery(request, uploadFilesQuery);
      requireMediaType(request, 'application/x-tar');
      const limitBytes = (await call.backend.config()).capabilities.fileTransferMaxBytes;
      if (Number(request.headers.get('content-length') ?? 0) > limitBytes) throw tooLarge(limitBytes);
      const box = await pathBox(call);
      const { stream, failure } = limitedStream(pacedStream(request.body ?? emptyStream(), pace), limitBytes);
      try {
        await box.upload(stream, present(query), { signal: request.signal });
      } catch (error) {
        const cause = failure();
        if (cause instanceof PayloadTooLargeError || cause instanceof HttpError) throw cause;
        if (cause === undefined) throw error;
        throw new HttpError(400, 'InvalidArgumentError', 'the archive broke off before its end');
      }
      return empty(204);
    },

    async downloadFiles(call) {
      const query = readQuery(call.request, downloadFilesQuery);
      const { follow_symlinks: followSymlinks, path } = query;
      const box = await pathBox(call);
      const tar = await box.download(present({ path, followSymlinks }), { signal: call.request.signal });
      const limitBytes = (await call.backend.config()).capabilities.fileTransferMaxBytes;
      const { stream } = limitedStream(tar, limitBytes);
      return streamed('application/x-tar', stream);
    },
  };
}

function emptyStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}
