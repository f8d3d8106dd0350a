import type { ImageInfo as ImageWire, ListImagesResponse } from '@boxlite/api';
import type { ImageInfo, ImagePage } from 'boxlite/backend';

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

/** A page of images as the wire says it. */
export function imagePageToWire(page: ImagePage): ListImagesResponse {
  return { images: page.images.map(imageToWire), next_page_token: page.nextPageToken ?? null };
}
