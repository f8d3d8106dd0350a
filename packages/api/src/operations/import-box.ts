import { type Endpoint, path, stream } from '@boxlite/rest';
import type { ImportBoxQuery } from '../schemas/query.ts';

/** Parameters of {@link importBox}. */
export interface ImportBoxOptions extends ImportBoxQuery {
  /** What `exportBox` gave; a stream is sent once and never again. */
  readonly archive: Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>;
}

/** Makes a box of an archive. Answers 201 with a `Box`. */
export function importBox({ name, archive }: ImportBoxOptions): Endpoint {
  return {
    method: 'POST',
    path: path`/boxes/import`,
    params: { name },
    body: stream('application/octet-stream', () => archive, { replayable: !(archive instanceof ReadableStream) }),
  };
}
