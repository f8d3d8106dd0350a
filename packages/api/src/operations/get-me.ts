import { type Endpoint, path } from '@boxlite/rest';

/** Who the credential is, and what it may do. Answers 200 with a `Principal`. */
export function getMe(): Endpoint {
  return { method: 'GET', base: 'instance', path: path`/me` };
}
