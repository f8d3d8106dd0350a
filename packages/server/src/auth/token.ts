import { randomUUID } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import type { SigningKeys } from '../identity/signing-keys.ts';

const issuer = 'boxlite-server';
const audience = 'boxlite';

/** What a token says. */
export interface TokenClaims {
  readonly clientId: string;
  /** Names of scopes, separated by spaces. */
  readonly scope: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** Signs a token (JWT, EdDSA) with iss, aud, sub, iat, exp, scope and jti; its header names the key. */
export async function signToken(claims: TokenClaims, keys: SigningKeys, nowMs: number): Promise<string> {
  const { kid, key } = keys.current();
  return new SignJWT({ scope: claims.scope })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(claims.clientId)
    .setIssuedAt(Math.floor(nowMs / 1000))
    .setExpirationTime(Math.floor(claims.expiresAtMs / 1000))
    .setJti(randomUUID())
    .sign(key);
}

/** Reads a token and the name of its key; undefined when it is not ours, was changed or has expired. */
export async function verifyToken(
  token: string,
  keys: SigningKeys,
  nowMs: number,
): Promise<(TokenClaims & { readonly kid: string }) | undefined> {
  try {
    const { kid } = decodeProtectedHeader(token);
    const key = kid === undefined ? undefined : keys.publicKey(kid);
    if (kid === undefined || key === undefined) return undefined;
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['EdDSA'],
      issuer,
      audience,
      requiredClaims: ['sub', 'exp', 'iat', 'jti', 'scope'],
      currentDate: new Date(nowMs),
    });
    const { sub, exp, scope } = payload;
    if (sub === undefined || exp === undefined || typeof scope !== 'string') return undefined;
    return { clientId: sub, scope, expiresAtMs: exp * 1000, kid };
  } catch {
    return undefined;
  }
}
