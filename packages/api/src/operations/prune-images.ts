import { type Endpoint, json, path } from '@boxlite/rest';
import type { PruneImagesRequest } from '../schemas/image.ts';

/** Parameters of {@link pruneImages}. */
export interface PruneImagesOptions {
  /** The request's body. */
  readonly body: PruneImagesRequest;
}

/** Removes images that no box has from the server's store. Answers 200 with a `PruneImagesResponse`. */
export function pruneImages({ body }: PruneImagesOptions): Endpoint {
  return { method: 'POST', path: path`/images/prune`, body: json(body) };
}
