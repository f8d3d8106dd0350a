import { type Endpoint, path } from '@boxlite/rest';
import type { ListDirectoryQuery } from '../schemas/query.ts';

/** Parameters of {@link listDirectory}. */
export interface ListDirectoryOptions extends ListDirectoryQuery {
  /** Id or name. */
  readonly box: string;
}

/** What is in a directory of a box. Answers 200 with a line of JSON for each, a `FileInfo`. */
export function listDirectory({ box, path: directory }: ListDirectoryOptions): Endpoint {
  return {
    method: 'GET',
    path: path`/boxes/${box}/files/entries`,
    params: { path: directory },
    headers: { accept: 'application/x-ndjson' },
  };
}
