import { string } from './answer.ts';
import { list, maybe, object, type Schema } from './schema.ts';

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
export const jwk: Schema<Jwk> = object({
  kid: string,
  kty: string,
  crv: maybe(string),
  alg: maybe(string),
  use: maybe(string),
  x: maybe(string),
});

/** The public halves of the keys that sign access tokens. */
export interface Jwks {
  readonly keys: readonly Jwk[];
}

/** Reads the keys. */
export const jwks: Schema<Jwks> = object({ keys: list(jwk) });
