import { filled, string, strings } from './answer.ts';
import { matching, sized } from './field.ts';
import { checked, list, maybe, object, optional, type Schema } from './schema.ts';

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

const names = (field: string): Schema<readonly string[]> => {
  const rule = 'a list of at least one name of a permission';
  const message = `${field} must be ${rule}`;
  const listed = list(sized(field, rule, undefined, 100), message);
  return checked(listed, ({ length }) => length > 0 && length <= 100, message);
};

const timePattern = /^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

// Date makes a day of March of the 31st of February.
const isDay = (day: string): boolean => {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
};

const time = (field: string): Schema<string> => {
  const rule = 'a time such as 2030-01-31T12:00:00Z';
  return checked(
    sized(field, rule),
    (text) => timePattern.test(text) && isDay(text.slice(0, 10)),
    `${field} must be ${rule}`,
  );
};

/** Checks a request for a key. */
export const createApiKeyRequest: Schema<CreateApiKeyRequest> = object({
  name: matching('name', /^(?!\.{1,2}$)[^/\p{Cc}]+$/u, 'text of 1 to 128 characters without "/"', 128),
  permissions: optional(names('permissions')),
  scopes: optional(names('scopes')),
  expires_at: optional(time('expires_at')),
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
  name: string,
  permissions: strings,
  created_at: string,
  last_used_at: maybe(string),
  expires_at: maybe(string),
  created_by: maybe(string),
};

/** Reads a key. */
export const apiKey: Schema<ApiKey> = object(fields);

/** An API key with its value, which nobody tells again. */
export interface CreatedApiKey extends ApiKey {
  readonly value: string;
}

/** Reads a new key. */
export const createdApiKey: Schema<CreatedApiKey> = object({ ...fields, value: filled });

/** The keys of a tenant, oldest first. */
export interface ListApiKeysResponse {
  readonly api_keys: readonly ApiKey[];
}

/** Reads the keys. */
export const listApiKeysResponse: Schema<ListApiKeysResponse> = object({ api_keys: list(apiKey) });
