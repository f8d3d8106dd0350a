import { type Endpoint, path } from '@boxlite/rest';
import type { RemoveBoxQuery } from '../schemas/query.ts';

/** Parameters of {@link removeBox}. */
export interface RemoveBoxOptions extends RemoveBoxQuery {
  /** Id or name. */
  readonly box: string;
}

/** Removes a box and everything in it. Answers 204; 409 when it runs and `force` is not set. */
export function removeBox({ box, force }: RemoveBoxOptions): Endpoint {
  return { method: 'DELETE', path: path`/boxes/${box}`, params: { force } };
}
