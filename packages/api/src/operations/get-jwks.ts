import { type Endpoint, path } from '@boxlite/rest';

/** The keys that access tokens are checked by; needs no credential. Answers 200 with a `Jwks`. */
export function getJwks(): Endpoint {
  return { method: 'GET', base: 'origin', path: path`/.well-known/jwks.json` };
}
