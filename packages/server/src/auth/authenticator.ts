import type { TokenRequest, TokenResponse } from '@boxlite/api';
import { isGood } from '../identity/credential.ts';
import { type Identity, keyParts, openIdentity } from '../identity/identity.ts';
import { type ApiKeyOptions, type ClientOptions, configured } from './configured.ts';
import { grantedPermissions } from './granted.ts';
import { permissionsNamed, spelled } from './permissions.ts';
import { keptPrincipal, type Principal } from './principal.ts';
import { secretDigest } from './secret-digest.ts';
import { signToken, type TokenClaims, verifyToken } from './token.ts';
import { unauthorized } from './unauthorized.ts';
import { verifiedCache } from './verified-cache.ts';

/** Who may use the server. Without clients, keys and an identity that has some only the public operations answer. */
export interface AuthOptions {
  /** OAuth2 clients that are not kept anywhere. @default none */
  readonly clients?: readonly ClientOptions[];
  /** API keys that are not kept anywhere. @default none */
  readonly apiKeys?: readonly ApiKeyOptions[];
  /** Where further credentials and the keys that sign tokens are kept. @default in memory: gone with the process */
  readonly identity?: Identity;
  /** @default 3600 */
  readonly tokenLifetimeSeconds?: number;
}

/** Turns credentials into principals. */
export interface Authenticator {
  /** Who sent the request; 401 when nobody that is known. What was revoked meanwhile, in any process, is 401. */
  authenticate(authorization: string | null): Promise<Principal>;
  /** Whether the credential of a principal is still good: neither revoked, in any process, nor expired. A token's own time does not count. */
  isGood(who: Principal): boolean;
  /** A token for client credentials; 401 for a wrong client or secret, 400 for a scope that is not to be had. */
  issue(request: TokenRequest): Promise<TokenResponse>;
  readonly identity: Identity;
}

// So long a secret that was right needs no other look; whether it was revoked is looked up every time.
const secretMemoryMs = 60_000;

/** Makes the authenticator; `nowMs` is the clock. */
export function authenticator(options: AuthOptions, nowMs: () => number = Date.now): Authenticator {
  const identity = options.identity ?? openIdentity(':memory:', nowMs);
  const lifetimeSeconds = options.tokenLifetimeSeconds ?? 3600;
  const fixed = configured(options.clients ?? [], options.apiKeys ?? []);
  const secrets = verifiedCache<true>();
  const tokens = verifiedCache<TokenClaims & { readonly kid: string }>();

  /** A credential that is kept and good now. */
  function kept(kind: 'client' | 'key', id: string): Principal | undefined {
    const found = identity.get(id);
    return found?.kind === kind && isGood(found, nowMs()) ? keptPrincipal(found) : undefined;
  }
  async function isSecretOf(id: string, secret: string): Promise<boolean> {
    const digest = secretDigest(`${id} ${secret}`).toString('latin1');
    if (secrets.get(digest, nowMs())) return true;
    const proof = async (): Promise<true | undefined> => (await identity.matches(id, secret)) || undefined;
    return (await secrets.prove(digest, proof, () => nowMs() + secretMemoryMs)) === true;
  }
  async function byKey(bearer: string): Promise<Principal | undefined> {
    const parts = keyParts(bearer);
    if (!parts || !kept('key', parts.id) || !(await isSecretOf(parts.id, parts.secret))) return undefined;
    // It may have been revoked while the secret was checked.
    return kept('key', parts.id);
  }
  async function byToken(bearer: string): Promise<Principal | undefined> {
    const digest = secretDigest(bearer).toString('latin1');
    const proof = (): ReturnType<typeof verifyToken> => verifyToken(bearer, identity.signingKeys, nowMs());
    const claims = tokens.get(digest, nowMs()) ?? (await tokens.prove(digest, proof, ({ expiresAtMs }) => expiresAtMs));
    if (!claims || identity.signingKeys.publicKey(claims.kid) === undefined) return undefined;
    const who = fixed.client(claims.clientId)?.who ?? kept('client', claims.clientId);
    if (!who) return undefined;
    const said = permissionsNamed(claims.scope.split(' ').filter((name) => name !== ''));
    return { ...who, permissions: said.intersection(who.permissions) };
  }
  async function clientOf({ client_id: id, client_secret: secret }: TokenRequest): Promise<Principal | undefined> {
    const known = fixed.client(id);
    if (known) return known.matches(secret) ? known.who : undefined;
    return kept('client', id) && (await isSecretOf(id, secret)) ? kept('client', id) : undefined;
  }

  return {
    identity,
    async authenticate(authorization) {
      const bearer = /^Bearer +([\x21-\x7e]{1,8192})$/i.exec(authorization ?? '')?.[1];
      if (bearer === undefined) throw unauthorized('a bearer token or an API key is needed in Authorization');
      const who = fixed.key(bearer) ?? (await byKey(bearer)) ?? (await byToken(bearer));
      if (who) return who;
      const next = 'use another key, or get a new token at POST /v1/oauth/tokens';
      throw unauthorized(`the credential is wrong, expired or revoked; ${next}`, true);
    },

    isGood({ id }) {
      try {
        const found = identity.get(id);
        // Those that a server was started with are kept nowhere.
        return found === undefined || isGood(found, nowMs());
      } catch {
        // A disk that fails ends no stream; the next request says it.
        return true;
      }
    },

    async issue(request) {
      const who = await clientOf(request);
      if (!who) throw unauthorized('client_id or client_secret is wrong');
      const scope = spelled(grantedPermissions(request.scope, who.permissions), 1).join(' ');
      const now = nowMs();
      const claims = { clientId: request.client_id, scope, expiresAtMs: now + lifetimeSeconds * 1000 };
      const access_token = await signToken(claims, identity.signingKeys, now);
      return { access_token, token_type: 'bearer', expires_in: lifetimeSeconds, scope };
    },
  };
}
