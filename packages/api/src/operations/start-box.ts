import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link startBox}. */
export interface StartBoxOptions {
  /** Id or name. */
  readonly box: string;
}

/** Starts a box; starting a running one is no error. Answers 200 with a `Box`. */
export function startBox({ box }: StartBoxOptions): Endpoint {
  return { method: 'POST', path: path`/boxes/${box}/start` };
}
