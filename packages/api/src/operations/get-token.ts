import { type Endpoint, form, path } from '@boxlite/rest';
import type { TokenRequest } from '../schemas/token.ts';

/** Parameters of {@link getToken}. */
export interface GetTokenOptions {
  /** The request's body. */
  readonly body: TokenRequest;
}

/** A token for client credentials (RFC 6749, section 4.4). Answers 200 with a `TokenResponse`. */
export function getToken({ body }: GetTokenOptions): Endpoint {
  const { grant_type, client_id, client_secret, scope } = body;
  return {
    method: 'POST',
    base: 'instance',
    path: path`/oauth/tokens`,
    body: form({ grant_type, client_id, client_secret, scope }),
  };
}
