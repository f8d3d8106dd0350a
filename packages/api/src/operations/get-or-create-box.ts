import { type Endpoint, json, path } from '@boxlite/rest';
import type { CreateBoxRequest } from '../schemas/create-box.ts';

/** Parameters of {@link getOrCreateBox}. */
export interface GetOrCreateBoxOptions {
  /** Its name. */
  readonly box: string;
  /** What it is made of where there is none of that name. */
  readonly body: CreateBoxRequest;
}

/** The box of that name, or a new one, in one step. Answers 200 with the `Box` that there was, or 201 with a new one. */
export function getOrCreateBox({ box, body }: GetOrCreateBoxOptions): Endpoint {
  return { method: 'PUT', path: path`/boxes/${box}`, body: json(body) };
}
