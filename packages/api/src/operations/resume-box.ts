import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link resumeBox}. */
export interface ResumeBoxOptions {
  /** Id or name. */
  readonly box: string;
}

/** Lets a paused box go on; a running one is no error. Answers 200 with a `Box`. */
export function resumeBox({ box }: ResumeBoxOptions): Endpoint {
  return { method: 'POST', path: path`/boxes/${box}/resume` };
}
