import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type Scope, scopes, type TokenRequest, type TokenResponse } from '@boxlite/api';
import { InvalidArgumentError } from 'boxlite/backend';
import { HttpError } from '../http/http-error.ts';
import { type GrantOptions, type Principal, principal } from './principal.ts';
import { secretDigest, secretMatches } from './secret-digest.ts';
import { signToken, verifyToken } from './token.ts';
import { tokenCache } from './token-cache.ts';

/** A client that asks for tokens with its secret. */
export interface ClientOptions extends GrantOptions {
  readonly id: string;
  readonly secret: string;
}

/** A key sent as bearer as it is. */
export interface ApiKeyOptions extends GrantOptions {
  /** What the log calls it. @default 'api-key' */
  readonly id?: string;
  readonly key: string;
}

/** Who may use the server. Without clients and keys only the public operations answer. */
export interface AuthOptions {
  readonly clients?: readonly ClientOptions[];
  readonly apiKeys?: readonly ApiKeyOptions[];
  /** Signs the tokens (HS256), at least 32 bytes; without it tokens die with the process. @default random */
  readonly signingKey?: Uint8Array;
  /** @default 3600 */
  readonly tokenLifetimeSeconds?: number;
}

/** Turns credentials into principals. */
export interface Authenticator {
  /** Who sent the request; 401 when nobody that is known. */
  authenticate(authorization: string | null): Promise<Principal>;
  /** A token for client credentials; 401 for a wrong client or secret, 400 for a scope that is not to be had. */
  issue(request: TokenRequest): Promise<TokenResponse>;
}

interface Client {
  readonly digest: Buffer;
  readonly who: Principal;
}

/** Makes the authenticator; `nowMs` is the clock. */
export function authenticator(options: AuthOptions, nowMs: () => number = Date.now): Authenticator {
  const key = options.signingKey ?? randomBytes(32);
  if (key.byteLength < 32) throw new InvalidArgumentError('signingKey must have at least 32 bytes');
  const lifetimeSeconds = options.tokenLifetimeSeconds ?? 3600;
  const clients = new Map<string, Client>();
  for (const { id, secret, ...grant } of options.clients ?? []) {
    clients.set(id, { digest: secretDigest(secret), who: principal(id, 'token', grant) });
  }
  const keys: readonly Client[] = (options.apiKeys ?? []).map(({ id = 'api-key', key: secret, ...grant }) => ({
    digest: secretDigest(secret),
    who: principal(id, 'key', grant),
  }));
  const nobody = secretDigest(randomBytes(32).toString('hex'));
  const verified = tokenCache();

  function byKey(digest: Buffer): Principal | undefined {
    let found: Principal | undefined;
    for (const one of keys) if (timingSafeEqual(one.digest, digest)) found = one.who;
    return found;
  }

  return {
    async authenticate(authorization) {
      const bearer = /^Bearer +([\x21-\x7e]{1,8192})$/i.exec(authorization ?? '')?.[1];
      if (bearer === undefined) throw unauthorized('a bearer token or an API key is needed in Authorization');
      const digest = secretDigest(bearer);
      const cacheKey = digest.toString('latin1');
      const now = nowMs();
      const known = byKey(digest) ?? verified.get(cacheKey, now);
      if (known) return known;
      const claims = await verifyToken(bearer, key, now);
      const client = claims && clients.get(claims.clientId);
      if (!claims || !client) {
        throw unauthorized('the credential is wrong or expired; get a new token at POST /v1/oauth/tokens', true);
      }
      const allowed = claims.scopes.filter((scope) => client.who.scopes.has(scope));
      const who: Principal = { ...client.who, scopes: new Set(allowed) };
      verified.set(cacheKey, who, claims.expiresAtMs);
      return who;
    },

    async issue({ client_id, client_secret, scope }) {
      const client = clients.get(client_id);
      const right = secretMatches(client_secret, client?.digest ?? nobody);
      if (!client || !right) throw unauthorized('client_id or client_secret is wrong');
      const granted = grantedScopes(scope, client.who);
      const now = nowMs();
      const claims = { clientId: client_id, scopes: granted, expiresAtMs: now + lifetimeSeconds * 1000 };
      const access_token = await signToken(claims, key, now);
      return { access_token, token_type: 'bearer', expires_in: lifetimeSeconds, scope: granted.join(' ') };
    },
  };
}

function grantedScopes(wanted: string | undefined, who: Principal): readonly Scope[] {
  const names = (wanted ?? '').split(' ').filter((name) => name !== '');
  if (names.length === 0) return [...who.scopes];
  return names.map((name) => {
    const scope = scopes.find((one) => one === name);
    if (scope && who.scopes.has(scope)) return scope;
    const why = scope ? 'this client may not have it' : 'no such scope';
    throw new InvalidArgumentError(
      `scope ${JSON.stringify(name.slice(0, 100))}: ${why}; it may have ${[...who.scopes].join(' ')}`,
    );
  });
}

function unauthorized(message: string, given = false): HttpError {
  const challenge = `Bearer realm="boxlite"${given ? ', error="invalid_token"' : ''}`;
  return new HttpError(401, 'UnauthorizedError', message, { 'www-authenticate': challenge });
}
