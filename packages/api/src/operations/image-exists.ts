import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link imageExists}. */
export interface ImageExistsOptions {
  /** The manifest's digest, `sha256:…`, or a reference. */
  readonly digest: string;
}

/** Whether there is such an image. Answers 204, or 404 without a body. */
export function imageExists({ digest }: ImageExistsOptions): Endpoint {
  return { method: 'HEAD', path: path`/images/${digest}` };
}
