import { type Endpoint, json, path } from '@boxlite/rest';
import type { StopBoxRequest } from '../schemas/stop-box.ts';

export interface RestartBoxOptions {
  /** Id or name. */
  readonly box: string;
  readonly body?: StopBoxRequest | undefined;
}

/** Stops a box, without removing it, and starts it. Answers 200 with a `Box`. */
export function restartBox({ box, body }: RestartBoxOptions): Endpoint {
  return { method: 'POST', path: path`/boxes/${box}/restart`, ...(body && { body: json(body) }) };
}
