import * as z from 'zod';
import { maybe } from './field.ts';

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
export const tokenRequest: z.ZodType<TokenRequest> = z.object({
  grant_type: z.literal('client_credentials', 'grant_type must be client_credentials'),
  client_id: z.string('client_id must be text').min(1, 'client_id must not be empty'),
  client_secret: z.string('client_secret must be text').min(1, 'client_secret must not be empty'),
  scope: z.string('scope must be text').optional(),
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
export const tokenResponse: z.ZodType<TokenResponse> = z.object({
  access_token: z.string().min(1),
  token_type: z.string(),
  expires_in: z.int().nonnegative(),
  scope: maybe(z.string()),
});
