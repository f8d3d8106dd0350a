import {
  getImage,
  imageDetails as imageDetailsSchema,
  imageInfo as imageInfoSchema,
  importImage,
  listImages,
  listImagesResponse,
  pruneImages,
  pruneImagesResponse,
  pullImage,
  removeImage,
} from '@boxlite/api';
import { query } from '@boxlite/rest';
import type { ImagesBackend } from '../backend/images.ts';
import { NotFoundError, UnsupportedError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { withBody } from './upload-body.ts';
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
    async remove(digestOrReference, call) {
      if (!(await connection.can('image_remove_enabled', call)))
        throw new UnsupportedError('this server cannot remove images by REST; remove them where it runs');
      await connection.ignore(removeImage({ image: digestOrReference }), call);
    },
    async import(source, reference, call) {
      if (!(await connection.can('image_import_enabled', call)))
        throw new UnsupportedError('this server cannot import images; import where it runs, or push to a registry');
      const stream = typeof source === 'string' ? await hostImage(source) : source;
      return withBody(stream, connection.uploadBufferBytes, call?.signal, async (archive) => {
        const request = importImage({ reference, archive });
        return imageInfo(await connection.send(query(request, imageInfoSchema), call));
      });
    },
  };
}

/** A directory of the host as a tar, with its owners; a file as it is. */
async function hostImage(path: string): Promise<ReadableStream<Uint8Array>> {
  const { packImage } = await import('../host/pack-image.ts');
  return packImage(path);
}
