import {
  getImage,
  imageDetails as imageDetailsSchema,
  imageInfo as imageInfoSchema,
  listImages,
  listImagesResponse,
  pruneImages,
  pruneImagesResponse,
  pullImage,
} from '@boxlite/api';
import { query } from '@boxlite/rest';
import type { ImagesBackend } from '../backend/backend.ts';
import { NotFoundError, UnsupportedError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { imageDetails, imageInfo } from './wire.ts';

/** The images of a server. */
export function restImages(connection: Connection): ImagesBackend {
  return {
    // The protocol tells no progress: one report when all is there.
    async pull(reference, { onProgress, signal, platform } = {}) {
      const request = pullImage({ body: { reference, platform } });
      const image = imageInfo(await connection.send(query(request, imageInfoSchema), { signal }));
      onProgress?.({ reference, completedBytes: image.sizeBytes ?? 0, totalBytes: image.sizeBytes });
      return image;
    },
    async list(options = {}, call = {}) {
      const page = await connection.send(query(listImages(options), listImagesResponse), call);
      return { images: page.images.map(imageInfo), nextPageToken: page.next_page_token || undefined };
    },
    async get(digest, call) {
      try {
        return imageDetails(await connection.send(query(getImage({ digest }), imageDetailsSchema), call));
      } catch (error) {
        if (error instanceof NotFoundError) return null;
        throw error;
      }
    },
    async prune({ olderThanMs, keep } = {}, call = {}) {
      const body = { older_than_seconds: olderThanMs === undefined ? undefined : olderThanMs / 1000, keep };
      const { removed, freed_bytes } = await connection.send(query(pruneImages({ body }), pruneImagesResponse), call);
      return { removed, freedBytes: freed_bytes };
    },
    async remove() {
      throw new UnsupportedError("a server's images cannot be removed over REST; remove them where the server runs");
    },
    async import() {
      throw new UnsupportedError(
        'images cannot be imported over REST; import where the server runs, or push to a registry',
      );
    },
  };
}
