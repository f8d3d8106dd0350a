import { type Endpoint, json, path } from '@boxlite/rest';
import type { CreateApiKeyRequest } from '../schemas/api-key.ts';

/** Parameters of {@link createApiKey}. */
export interface CreateApiKeyOptions {
  /** The request's body. */
  readonly body: CreateApiKeyRequest;
}

/** Makes an API key. Answers 201 with a `CreatedApiKey`: the only time that its value is told. */
export function createApiKey({ body }: CreateApiKeyOptions): Endpoint {
  return { method: 'POST', path: path`/api-keys`, body: json(body) };
}
