import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link pauseBox}. */
export interface PauseBoxOptions {
  /** Id or name. */
  readonly box: string;
}

/** Freezes everything in a running box; a paused one is no error. Answers 200 with a `Box`. */
export function pauseBox({ box }: PauseBoxOptions): Endpoint {
  return { method: 'POST', path: path`/boxes/${box}/pause` };
}
