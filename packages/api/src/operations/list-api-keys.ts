import { type Endpoint, path } from '@boxlite/rest';

/** The API keys of the tenant, oldest first. Answers 200 with a `ListApiKeysResponse`. */
export function listApiKeys(): Endpoint {
  return { method: 'GET', path: path`/api-keys` };
}
