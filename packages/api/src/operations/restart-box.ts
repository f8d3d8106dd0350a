import { type Endpoint, json, path } from '@boxlite/rest';
import type { StopBoxRequest } from '../schemas/stop-box.ts';

/** Parameters of {@link restartBox}. */
export interface RestartBoxOptions {
  /** Id or name. */
  readonly box: string;
  /** The request's body. @default none */
  readonly body?: StopBoxRequest | undefined;
}

/** Stops a box, without removing it, and starts it. Answers 200 with a `Box`. */
export function restartBox({ box, body }: RestartBoxOptions): Endpoint {
  return { method: 'POST', path: path`/boxes/${box}/restart`, ...(body && { body: json(body) }) };
}
