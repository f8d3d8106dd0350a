import {
  type ImageConfig as ConfigWire,
  type ImageDetails as DetailsWire,
  getImage,
  type ImageInfo as InfoWire,
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
import type { ImageConfig, ImageDetails, ImageInfo, ImagesBackend } from '../backend/images.ts';
import { NotFoundError, UnsupportedError } from '../errors.ts';
import { loaded } from '../loaded.ts';
import type { Connection } from './connection.ts';
import { date } from './time-wire.ts';
import { withBody } from './upload-body.ts';

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
    async get(digestOrReference, call) {
      const digest = inPath(digestOrReference);
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
      await connection.ignore(removeImage({ image: inPath(digestOrReference) }), call);
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

/** A reference as a segment of a path: in full where it would lead to another operation, or is no segment. */
function inPath(reference: string): string {
  const named = reference.replace(/\p{Surrogate}/gu, '\ufffd');
  return /^(?:import|prune|pull|[^a-z\d][^/:@]*)$/i.test(named) ? `${named}:latest` : named;
}

/** A directory of the host as a tar, with its owners; a file as it is. */
async function hostImage(path: string): Promise<ReadableStream<Uint8Array>> {
  const { packImage } = await loaded(() => import('../host/pack-image.ts'));
  return packImage(path);
}

/** An image as the wire says it. */
function imageInfo(image: InfoWire): ImageInfo {
  const { reference, repository, tag, id } = image;
  const cachedAt = date('cached_at', image.cached_at);
  return { reference, repository, tag, id, cachedAt, sizeBytes: image.size_bytes ?? undefined };
}

/** An image with what is in it. */
function imageDetails(image: DetailsWire): ImageDetails {
  const { platform, config, layers } = image;
  return {
    ...imageInfo(image),
    platform: platform ?? undefined,
    config: config == null ? undefined : imageConfig(config),
    layers: layers?.map(({ digest, diff_id, size_bytes, unpacked_bytes }) => ({
      digest: digest ?? undefined,
      diffId: diff_id,
      sizeBytes: size_bytes ?? undefined,
      unpackedBytes: unpacked_bytes,
    })),
  };
}

function imageConfig(config: ConfigWire): ImageConfig {
  const { entrypoint, cmd, env, user, volumes, labels } = config;
  return {
    ...{ entrypoint, cmd, env, user, volumes, labels },
    workingDir: config.working_dir,
    stopSignal: config.stop_signal ?? undefined,
    exposedPorts: config.exposed_ports,
  };
}
