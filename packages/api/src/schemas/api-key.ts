import * as z from 'zod';
import { matching, maybe } from './field.ts';

/** A request for an API key of the path's tenant. */
export interface CreateApiKeyRequest {
  /** What it is called, which its tenant's other keys are not. */
  readonly name: string;
  /** In any spelling; all that the caller holds unless given. */
  readonly permissions?: readonly string[] | undefined;
  /** Another name for `permissions`. */
  readonly scopes?: readonly string[] | undefined;
  /** RFC 3339; as the caller's own unless given. */
  readonly expires_at?: string | undefined;
}

const names = (field: string): z.ZodType<readonly string[]> => {
  const message = `${field} must be a list of at least one name of a permission`;
  return z.array(z.string(message).max(100, message), message).min(1, message).max(100, message);
};

const time = (field: string): z.ZodType<string> => {
  const message = `${field} must be a time such as 2030-01-31T12:00:00Z`;
  const said = z.iso.datetime({ offset: true });
  return z.string(message).refine((text) => said.safeParse(text).success, message);
};

/** Checks a request for a key. */
export const createApiKeyRequest: z.ZodType<CreateApiKeyRequest> = z.object({
  name: matching('name', /^(?!\.{1,2}$)[^/\p{Cc}]+$/u, 'text of 1 to 128 characters without "/"', 128),
  permissions: names('permissions').optional(),
  scopes: names('scopes').optional(),
  expires_at: time('expires_at').optional(),
});

/** An API key without its value. */
export interface ApiKey {
  readonly name: string;
  readonly permissions: readonly string[];
  /** RFC 3339, UTC, as all times here. */
  readonly created_at: string;
  /** To the minute. */
  readonly last_used_at?: string | null | undefined;
  /** Null for never. */
  readonly expires_at?: string | null | undefined;
  /** Whose credential made it. An addition. */
  readonly created_by?: string | null | undefined;
}

const fields = {
  name: z.string(),
  permissions: z.array(z.string()),
  created_at: z.string(),
  last_used_at: maybe(z.string()),
  expires_at: maybe(z.string()),
  created_by: maybe(z.string()),
};

/** Reads a key. */
export const apiKey: z.ZodType<ApiKey> = z.object(fields);

/** An API key with its value, which nobody tells again. */
export interface CreatedApiKey extends ApiKey {
  readonly value: string;
}

/** Reads a new key. */
export const createdApiKey: z.ZodType<CreatedApiKey> = z.object({ ...fields, value: z.string().min(1) });

/** The keys of a tenant, oldest first. */
export interface ListApiKeysResponse {
  readonly api_keys: readonly ApiKey[];
}

/** Reads the keys. */
export const listApiKeysResponse: z.ZodType<ListApiKeysResponse> = z.object({ api_keys: z.array(apiKey) });
