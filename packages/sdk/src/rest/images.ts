import { getImage, imageInfo as imageInfoSchema, listImages, listImagesResponse, pullImage } from '@boxlite/api';
import { query } from '@boxlite/rest';
import type { ImagesBackend } from '../backend/backend.ts';
import { NotFoundError, UnsupportedError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { imageInfo } from './wire.ts';

/** The images of a server. */
export function restImages(connection: Connection): ImagesBackend {
  return {
    // The protocol tells no progress: one report when all is there.
    async pull(reference, { onProgress, signal } = {}) {
      const image = imageInfo(
        await connection.send(query(pullImage({ body: { reference } }), imageInfoSchema), { signal }),
      );
      onProgress?.({ reference, completedBytes: image.sizeBytes ?? 0, totalBytes: image.sizeBytes });
      return image;
    },
    async list(options = {}, call = {}) {
      const page = await connection.send(query(listImages(options), listImagesResponse), call);
      return { images: page.images.map(imageInfo), nextPageToken: page.next_page_token || undefined };
    },
    async get(digest, call) {
      try {
        return imageInfo(await connection.send(query(getImage({ digest }), imageInfoSchema), call));
      } catch (error) {
        if (error instanceof NotFoundError) return null;
        throw error;
      }
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
