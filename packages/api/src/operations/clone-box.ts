import { type Endpoint, json, path } from '@boxlite/rest';
import type { CloneBoxRequest } from '../schemas/snapshot.ts';

/** Parameters of {@link cloneBox}. */
export interface CloneBoxOptions {
  /** Id or name. */
  readonly box: string;
  /** The request's body. */
  readonly body: CloneBoxRequest;
}

/** Makes a box of the same options with a copy of the disk. Answers 201 with a `Box`. */
export function cloneBox({ box, body }: CloneBoxOptions): Endpoint {
  return { method: 'POST', path: path`/boxes/${box}/clone`, body: json(body) };
}
