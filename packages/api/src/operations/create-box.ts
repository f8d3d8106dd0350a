import { type Endpoint, json, path } from '@boxlite/rest';
import type { CreateBoxRequest } from '../schemas/create-box.ts';

/** Parameters of {@link createBox}. */
export interface CreateBoxOptions {
  /** The request's body. */
  readonly body: CreateBoxRequest;
}

/** Makes a box without starting it. Answers 201 with a `Box`. */
export function createBox({ body }: CreateBoxOptions): Endpoint {
  return { method: 'POST', path: path`/boxes`, body: json(body) };
}
