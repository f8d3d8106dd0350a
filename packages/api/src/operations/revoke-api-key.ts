import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link revokeApiKey}. */
export interface RevokeApiKeyOptions {
  /** The key's name. */
  readonly name: string;
}

/** Ends an API key, from its next request on. Answers 204. */
export function revokeApiKey({ name }: RevokeApiKeyOptions): Endpoint {
  return { method: 'DELETE', path: path`/api-keys/${name}` };
}
