import { type Endpoint, json, path } from '@boxlite/rest';
import type { CloneBoxRequest } from '../schemas/snapshot.ts';

export interface CloneBoxOptions {
  /** Id or name. */
  readonly box: string;
  readonly body: CloneBoxRequest;
}

/** Makes a box of the same options with a copy of the disk. Answers 201 with a `Box`. */
export function cloneBox({ box, body }: CloneBoxOptions): Endpoint {
  return { method: 'POST', path: path`/boxes/${box}/clone`, body: json(body) };
}
