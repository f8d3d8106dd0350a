import * as z from 'zod';
import { maybe } from './field.ts';

/** A public key (RFC 7517, RFC 8037). */
export interface Jwk {
  /** Its name, as a token's header has it. */
  readonly kid: string;
  readonly kty: string;
  readonly crv?: string | null | undefined;
  readonly alg?: string | null | undefined;
  readonly use?: string | null | undefined;
  /** The key itself, in base64url. */
  readonly x?: string | null | undefined;
}

/** Reads a key. */
export const jwk: z.ZodType<Jwk> = z.object({
  kid: z.string(),
  kty: z.string(),
  crv: maybe(z.string()),
  alg: maybe(z.string()),
  use: maybe(z.string()),
  x: maybe(z.string()),
});

/** The public halves of the keys that sign access tokens. */
export interface Jwks {
  readonly keys: readonly Jwk[];
}

/** Reads the keys. */
export const jwks: z.ZodType<Jwks> = z.object({ keys: z.array(jwk) });
