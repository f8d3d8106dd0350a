import {
  importImageQuery,
  listImagesQuery,
  type PruneImagesResponse,
  pruneImagesRequest,
  pullImageRequest,
} from '@boxlite/api';
import { type ImageDetails, InvalidArgumentError, NotFoundError, PayloadTooLargeError } from 'boxlite/backend';
import { limitedStream, tooLarge } from '../files/limited-stream.ts';
import { type Pace, pacedStream } from '../files/paced-stream.ts';
import { HttpError } from '../http/http-error.ts';
import { requireMediaType } from '../http/media-type.ts';
import { empty, json } from '../http/respond.ts';
import { readJson, readQuery } from '../http/validated.ts';
import { pruneOnce } from '../idempotency/images.ts';
import type { PageTokens } from '../paging/page-tokens.ts';
import { imageDetailsToWire, imagePageToWire, imageToWire } from '../wire/image.ts';
import { present } from '../wire/present.ts';
import type { RestCall, Routes } from './route.ts';

/** The operations on images. */
export function imageRoutes(
  pages: PageTokens,
  pace: Pace,
): Routes<'pruneImages' | 'pullImage' | 'listImages' | 'getImage' | 'imageExists' | 'removeImage' | 'importImage'> {
  return {
    async pullImage(call) {
      const { reference, ...options } = await readJson(call.request, pullImageRequest);
      return json(200, imageToWire(await call.backend.images.pull(reference, present(options))));
    },

    async pruneImages(call) {
      const { older_than_seconds: seconds, keep } = await readJson(call.request, pruneImagesRequest);
      const olderThanMs = seconds === undefined ? undefined : seconds * 1000;
      const { removed, freedBytes } = await pruneOnce(call, present({ olderThanMs, keep }));
      return json(200, { removed, freed_bytes: freedBytes } satisfies PruneImagesResponse);
    },

    async listImages(call) {
      const { pageSize, pageToken } = readQuery(call.request, listImagesQuery);
      const list = ['images', call.tenant];
      const page = await call.backend.images.list(present({ pageSize, ...pages.open(list, pageToken) }));
      return json(200, imagePageToWire(page, pages.sign(list, page.nextPageToken)));
    },

    async getImage(call) {
      return json(200, imageDetailsToWire(await pathImage(call)));
    },

    async imageExists(call) {
      await pathImage(call);
      return empty(204);
    },

    async removeImage({ attempt, backend, params }) {
      const former = attempt?.former?.id;
      const onId = (id: string): void => {
        // What has the name now came later.
        if (former !== undefined && former !== id) throw new NotFoundError('the image was removed before');
        attempt?.noteRemoval({ id });
      };
      try {
        await backend.images.remove(params['digest'] ?? '', { onId });
      } catch (error) {
        if (former === undefined || !(error instanceof NotFoundError)) throw error;
      }
      return empty(204);
    },

    async importImage(call) {
      const { request, backend } = call;
      const { reference } = readQuery(request, importImageQuery);
      requireMediaType(request, 'application/x-tar');
      const limitBytes = (await backend.config()).capabilities.fileTransferMaxBytes;
      if (Number(request.headers.get('content-length') ?? 0) > limitBytes) throw tooLarge(limitBytes);
      const body = request.body ?? new Blob([]).stream();
      const { stream, failure } = limitedStream(pacedStream(body, pace), limitBytes);
      try {
        return json(200, imageToWire(await backend.images.import(stream, reference, { signal: request.signal })));
      } catch (error) {
        const cause = failure();
        if (cause instanceof PayloadTooLargeError || cause instanceof HttpError) throw cause;
        if (cause === undefined) throw error;
        throw new InvalidArgumentError('the archive broke off before its end', { cause });
      }
    },
  };
}

async function pathImage(call: RestCall): Promise<ImageDetails> {
  const name = call.params['digest'] ?? '';
  const image = await call.backend.images.get(name);
  if (image) return image;
  throw new NotFoundError(`there is no image ${JSON.stringify(name.slice(0, 128))}; pull it first`);
}
