import type { ImageDetails as ImageDetailsWire, ImageInfo as ImageWire, ListImagesResponse } from '@boxlite/api';
import type { ImageDetails, ImageInfo, ImagePage } from 'boxlite/backend';

/** An image as the wire says it. */
export function imageToWire(info: ImageInfo): ImageWire {
  return {
    reference: info.reference,
    repository: info.repository,
    tag: info.tag,
    id: info.id,
    cached_at: info.cachedAt.toISOString(),
    size_bytes: info.sizeBytes ?? null,
  };
}

/** An image with what is in it as the wire says it. */
export function imageDetailsToWire(image: ImageDetails): ImageDetailsWire {
  const { platform, config, layers } = image;
  return {
    ...imageToWire(image),
    platform,
    config: config && {
      entrypoint: config.entrypoint,
      cmd: config.cmd,
      env: config.env,
      working_dir: config.workingDir,
      user: config.user,
      stop_signal: config.stopSignal,
      exposed_ports: config.exposedPorts,
      volumes: config.volumes,
      labels: config.labels,
    },
    layers: layers?.map(({ digest, diffId, sizeBytes, unpackedBytes }) => ({
      digest,
      diff_id: diffId,
      size_bytes: sizeBytes,
      unpacked_bytes: unpackedBytes,
    })),
  };
}

/** A page of images as the wire says it. */
export function imagePageToWire({ images }: ImagePage, next_page_token: string | null): ListImagesResponse {
  return { images: images.map(imageToWire), next_page_token };
}
