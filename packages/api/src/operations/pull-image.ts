import { type Endpoint, json, path } from '@boxlite/rest';
import type { PullImageRequest } from '../schemas/image.ts';

export interface PullImageOptions {
  readonly body: PullImageRequest;
}

/** Pulls an image into the server's store, and waits for it. Answers 200 with an `ImageInfo`. */
export function pullImage({ body }: PullImageOptions): Endpoint {
  return { method: 'POST', path: path`/images/pull`, body: json(body) };
}
