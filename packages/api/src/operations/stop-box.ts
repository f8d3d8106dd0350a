import { type Endpoint, json, path } from '@boxlite/rest';
import type { StopBoxRequest } from '../schemas/stop-box.ts';

/** Parameters of {@link stopBox}. */
export interface StopBoxOptions {
  /** Id or name. */
  readonly box: string;
  /** The request's body. @default none */
  readonly body?: StopBoxRequest | undefined;
}

/** Stops a box; stopping a stopped one is no error. Answers 200 with a `Box`. */
export function stopBox({ box, body }: StopBoxOptions): Endpoint {
  return { method: 'POST', path: path`/boxes/${box}/stop`, ...(body && { body: json(body) }) };
}
