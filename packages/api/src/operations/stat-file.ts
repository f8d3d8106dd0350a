import { type Endpoint, path } from '@boxlite/rest';
import type { StatFileQuery } from '../schemas/query.ts';

/** Parameters of {@link statFile}. */
export interface StatFileOptions extends StatFileQuery {
  /** Id or name. */
  readonly box: string;
}

/** What a path of a box leads to. Answers 200 with a `FileInfo`. */
export function statFile({ box, path: source, follow_symlinks }: StatFileOptions): Endpoint {
  return { method: 'GET', path: path`/boxes/${box}/files/entry`, params: { path: source, follow_symlinks } };
}
