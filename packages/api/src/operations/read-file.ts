import { type Endpoint, path } from '@boxlite/rest';
import type { ReadFileQuery } from '../schemas/query.ts';

/** Parameters of {@link readFile}. */
export interface ReadFileOptions extends ReadFileQuery {
  /** Id or name. */
  readonly box: string;
  /** Bytes of the file; `end` is the last one, not the one after it. @default all */
  readonly range?: { readonly start: number; readonly end?: number | undefined } | undefined;
}

/** A file of a box. Answers 200 with its bytes, or 206 with those of a range; starts the box if need be. */
export function readFile({ box, path: source, range }: ReadFileOptions): Endpoint {
  return {
    method: 'GET',
    path: path`/boxes/${box}/files/content`,
    params: { path: source },
    headers: {
      accept: 'application/octet-stream',
      ...(range && { range: `bytes=${range.start}-${range.end ?? ''}` }),
    },
  };
}
