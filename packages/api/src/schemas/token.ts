import { count, filled, literal, string } from './answer.ts';
import { sized } from './field.ts';
import { maybe, object, optional, type Schema } from './schema.ts';

/** What a credential may be allowed to do. */
export const scopes = [
  'boxes:read',
  'boxes:write',
  'boxes:exec',
  'images:read',
  'images:write',
  'runtime:admin',
] as const;

/** One of {@link scopes}. */
export type Scope = (typeof scopes)[number];

/** A request for a token by client credentials, sent as a form. */
export interface TokenRequest {
  readonly grant_type: 'client_credentials';
  readonly client_id: string;
  readonly client_secret: string;
  /** The scopes wanted, separated by spaces; all that the client may have unless given. */
  readonly scope?: string | undefined;
}

/** Checks a request for a token. */
export const tokenRequest: Schema<TokenRequest> = object({
  grant_type: literal('client_credentials', 'grant_type must be client_credentials'),
  client_id: sized('client_id', 'text that is not empty', 1),
  client_secret: sized('client_secret', 'text that is not empty', 1),
  scope: optional(sized('scope', 'text')),
});

/** A token. */
export interface TokenResponse {
  readonly access_token: string;
  /** `bearer`, in any case. */
  readonly token_type: string;
  /** Seconds from now. */
  readonly expires_in: number;
  /** The scopes granted, separated by spaces. */
  readonly scope?: string | null | undefined;
}

/** Reads a token. */
export const tokenResponse: Schema<TokenResponse> = object({
  access_token: filled,
  token_type: string,
  expires_in: count,
  scope: maybe(string),
});
