import { type Endpoint, json, path } from '@boxlite/rest';
import type { PruneImagesRequest } from '../schemas/image.ts';

export interface PruneImagesOptions {
  readonly body: PruneImagesRequest;
}

/** Removes images that no box has from the server's store. Answers 200 with a `PruneImagesResponse`. */
export function pruneImages({ body }: PruneImagesOptions): Endpoint {
  return { method: 'POST', path: path`/images/prune`, body: json(body) };
}
