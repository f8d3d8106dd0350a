import { type Endpoint, path, stream } from '@boxlite/rest';
import type { ImportImageQuery } from '../schemas/query.ts';

/** Parameters of {@link importImage}. */
export interface ImportImageOptions extends ImportImageQuery {
  /** A tar of an OCI layout, of `docker save` or of a root file system; a stream is sent once and never again. */
  readonly archive: Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>;
}

/** Adds an image to the server's store. Answers 200 with an `ImageInfo`. */
export function importImage({ reference, archive }: ImportImageOptions): Endpoint {
  return {
    method: 'POST',
    path: path`/images/import`,
    params: { reference },
    body: stream('application/x-tar', () => archive, { replayable: !(archive instanceof ReadableStream) }),
  };
}
