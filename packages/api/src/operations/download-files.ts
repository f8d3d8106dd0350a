import { type Endpoint, path } from '@boxlite/rest';
import type { DownloadFilesQuery } from '../schemas/query.ts';

/** Parameters of {@link downloadFiles}. */
export interface DownloadFilesOptions extends DownloadFilesQuery {
  /** Id or name. */
  readonly box: string;
}

/** Packs a path of a box as a tar archive, and starts the box if need be. Answers 200 with the archive. */
export function downloadFiles({ box, path: source, follow_symlinks }: DownloadFilesOptions): Endpoint {
  return {
    method: 'GET',
    path: path`/boxes/${box}/files`,
    params: { path: source, follow_symlinks },
    headers: { accept: 'application/x-tar' },
  };
}
