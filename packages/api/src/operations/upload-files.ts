import { type Endpoint, path, stream } from '@boxlite/rest';
import type { UploadFilesQuery } from '../schemas/query.ts';

/** Parameters of {@link uploadFiles}. */
export interface UploadFilesOptions extends UploadFilesQuery {
  /** Id or name. */
  readonly box: string;
  /** A tar archive; a stream is sent once and never again. */
  readonly tar: Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>;
}

/** Unpacks a tar archive in a box, and starts the box if need be. Answers 204. */
export function uploadFiles({ box, path: target, overwrite, tar }: UploadFilesOptions): Endpoint {
  return {
    method: 'PUT',
    path: path`/boxes/${box}/files`,
    params: { path: target, overwrite },
    body: stream('application/x-tar', () => tar, { replayable: !(tar instanceof ReadableStream) }),
  };
}
