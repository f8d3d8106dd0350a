import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link removeImage}. */
export interface RemoveImageOptions {
  /** The manifest's digest, for all its references, or one reference. */
  readonly image: string;
}

/** Removes an image that no box has. Answers 204. */
export function removeImage({ image }: RemoveImageOptions): Endpoint {
  return { method: 'DELETE', path: path`/images/${image}` };
}
