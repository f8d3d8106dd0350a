import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link getBox}. */
export interface GetBoxOptions {
  /** Id or name. */
  readonly box: string;
}

/** One box. Answers 200 with a `Box`. */
export function getBox({ box }: GetBoxOptions): Endpoint {
  return { method: 'GET', path: path`/boxes/${box}` };
}
