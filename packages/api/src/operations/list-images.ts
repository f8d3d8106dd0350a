import { type Pageable, path } from '@boxlite/rest';
import type { ListImagesQuery } from '../schemas/query.ts';

/** The options of {@link listImages} are its query. */
export type ListImagesOptions = ListImagesQuery;

/** The images in the server's store. Answers 200 with a `ListImagesResponse`. */
export function listImages({ pageSize, pageToken }: ListImagesOptions = {}): Pageable {
  return {
    method: 'GET',
    path: path`/images`,
    params: { pageSize, pageToken },
    pagination: { mode: 'token', items: 'images' },
  };
}
