import { randomUUID } from 'node:crypto';
import { type Scope, scopes } from '@boxlite/api';
import { jwtVerify, SignJWT } from 'jose';

const issuer = 'boxlite-server';
const audience = 'boxlite';

/** What a token says. */
export interface TokenClaims {
  readonly clientId: string;
  readonly scopes: readonly Scope[];
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** Signs a token (JWT, HS256) with iss, aud, sub, iat, exp, scope and jti. */
export async function signToken(claims: TokenClaims, key: Uint8Array, nowMs: number): Promise<string> {
  return new SignJWT({ scope: claims.scopes.join(' ') })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(claims.clientId)
    .setIssuedAt(Math.floor(nowMs / 1000))
    .setExpirationTime(Math.floor(claims.expiresAtMs / 1000))
    .setJti(randomUUID())
    .sign(key);
}

/** Reads a token; undefined when it is not ours, was changed or has expired. */
export async function verifyToken(token: string, key: Uint8Array, nowMs: number): Promise<TokenClaims | undefined> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      issuer,
      audience,
      requiredClaims: ['sub', 'exp', 'iat', 'jti', 'scope'],
      currentDate: new Date(nowMs),
    });
    const { sub, exp, scope } = payload;
    if (sub === undefined || exp === undefined || typeof scope !== 'string') return undefined;
    const said = scope.split(' ');
    return { clientId: sub, scopes: scopes.filter((one) => said.includes(one)), expiresAtMs: exp * 1000 };
  } catch {
    return undefined;
  }
}
