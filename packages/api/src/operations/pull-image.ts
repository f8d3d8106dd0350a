import { type Endpoint, json, path } from '@boxlite/rest';
import type { PullImageRequest } from '../schemas/image.ts';

/** Parameters of {@link pullImage}. */
export interface PullImageOptions {
  /** The request's body. */
  readonly body: PullImageRequest;
}

/** Pulls an image into the server's store, and waits for it. Answers 200 with an `ImageInfo`. */
export function pullImage({ body }: PullImageOptions): Endpoint {
  return { method: 'POST', path: path`/images/pull`, body: json(body) };
}
