import { string, strings, word } from './answer.ts';
import { maybe, object, otherwise, type Schema } from './schema.ts';

/** Whether a person or a program shows a credential. */
export const principalTypes = ['user', 'service_account'] as const;

/** Who shows a credential, and what it may do. */
export interface Principal {
  /** Opaque; stays the same as long as the credential. */
  readonly sub: string;
  readonly principal_type: (typeof principalTypes)[number];
  /** Exact: what is not here is 403. */
  readonly scopes: readonly string[];
  readonly email?: string | null | undefined;
  readonly display_name?: string | null | undefined;
  /** The segment for its tenant in paths; null where it may be left out. */
  readonly path_prefix?: string | null | undefined;
  /** RFC 3339, UTC; null for never. */
  readonly expires_at?: string | null | undefined;
  /** Every tenant it belongs to; null for all. An addition. */
  readonly tenants?: readonly string[] | null | undefined;
}

/** Reads a principal; a type not known here reads as `service_account`. */
export const principal: Schema<Principal> = object({
  sub: string,
  principal_type: otherwise(word(principalTypes), 'service_account'),
  scopes: strings,
  email: maybe(string),
  display_name: maybe(string),
  path_prefix: maybe(string),
  expires_at: maybe(string),
  tenants: maybe(strings),
});
