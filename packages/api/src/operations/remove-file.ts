import { type Endpoint, path } from '@boxlite/rest';
import type { RemoveFileQuery } from '../schemas/query.ts';

/** Parameters of {@link removeFile}. */
export interface RemoveFileOptions extends RemoveFileQuery {
  /** Id or name. */
  readonly box: string;
}

/** Removes a file or directory of a box. Answers 204. */
export function removeFile({ box, path: target, recursive }: RemoveFileOptions): Endpoint {
  return { method: 'DELETE', path: path`/boxes/${box}/files/entry`, params: { path: target, recursive } };
}
