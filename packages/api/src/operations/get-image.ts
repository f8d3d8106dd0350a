import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link getImage}. */
export interface GetImageOptions {
  /** The manifest's digest, `sha256:…`, or a reference. */
  readonly digest: string;
}

/** One image. Answers 200 with an `ImageInfo`. */
export function getImage({ digest }: GetImageOptions): Endpoint {
  return { method: 'GET', path: path`/images/${digest}` };
}
