import type { CallOptions } from './backend.ts';

/** Who a server takes one for. */
export interface PrincipalInfo {
  /** Opaque; stays the same as long as the credential. */
  readonly id: string;
  /** A person, or a program. */
  readonly type: 'user' | 'service_account';
  /** For people to read; undefined where a server does not tell. */
  readonly name: string | undefined;
  /** What it may do, such as `box:read`, and nothing else. */
  readonly scopes: readonly string[];
  /** The tenant's segment of paths; undefined where it may be left out. */
  readonly pathPrefix: string | undefined;
  /** Every tenant that it belongs to; undefined for all, or where a server does not tell. */
  readonly tenants: readonly string[] | undefined;
  /** When its credential ends; undefined for never. */
  readonly expiresAt: Date | undefined;
}

/** An API key without its value. */
export interface ApiKeyInfo {
  /** Names the key within its tenant. */
  readonly name: string;
  /** What it may do, such as `box:read`. */
  readonly permissions: readonly string[];
  /** When it was made. */
  readonly createdAt: Date;
  /** Undefined for never. */
  readonly lastUsedAt: Date | undefined;
  /** Undefined for never. */
  readonly expiresAt: Date | undefined;
  /** The id of the principal that made it. */
  readonly createdBy: string | undefined;
}

/** A key to make. */
export interface CreateApiKeyOptions {
  /** Such as `box:read` or `boxes:read`. @default all that its maker holds */
  readonly permissions?: readonly string[] | undefined;
  /** @default with its maker, or never */
  readonly expiresAt?: Date | undefined;
}

/** What a server knows of those who use it. */
export interface AccountBackend {
  /** Who the server takes the caller for. */
  me(call?: CallOptions): Promise<PrincipalInfo>;
  /** The value is told only here. `PermissionError` for more than one holds; `AlreadyExistsError`. */
  createApiKey(
    name: string,
    options?: CreateApiKeyOptions,
    call?: CallOptions,
  ): Promise<ApiKeyInfo & { readonly value: string }>;
  /** Oldest first. */
  listApiKeys(call?: CallOptions): Promise<readonly ApiKeyInfo[]>;
  /** From its next request on. `NotFoundError` when there is none. */
  revokeApiKey(name: string, call?: CallOptions): Promise<void>;
}
