import { getToken, tokenResponse } from '@boxlite/api';
import { type Client, idempotent, query } from '@boxlite/rest';
import { randomUuid } from '../random-uuid.ts';
import type { AccessToken, ClientCredentialsOptions } from './credential.ts';

/** Exchanges a client's secret for a token, at the server's `/oauth/tokens`. */
export async function exchangeSecret(
  client: Client,
  { clientId, clientSecret, scope }: ClientCredentialsOptions,
): Promise<AccessToken> {
  const asked = Date.now();
  const body = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret, scope } as const;
  // A token twice is no harm on any server: the key only says that this may be sent again.
  const endpoint = idempotent(getToken({ body }), randomUuid());
  const { access_token, expires_in } = await query(endpoint, tokenResponse).send(client);
  return { token: access_token, expiresAt: new Date(asked + expires_in * 1000) };
}
