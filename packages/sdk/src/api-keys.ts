import { checkText } from './argument.ts';
import type { AccountBackend, ApiKeyInfo, CreateApiKeyOptions } from './backend/account.ts';
import type { CallOptions } from './backend/backend.ts';

/** The API keys of a tenant on a server; `UnsupportedError` on a local runtime, whose keys `boxlite keys` makes. */
export interface ApiKeys {
  /** Makes a key of what one holds oneself; its `value` is told only here. `PermissionError` for more than that. */
  create(name: string, options?: CreateApiKeyOptions & CallOptions): Promise<ApiKeyInfo & { readonly value: string }>;
  /** The keys that are not revoked, oldest first. */
  list(call?: CallOptions): Promise<readonly ApiKeyInfo[]>;
  /** Ends a key, from its next request on; `NotFoundError` when there is none. */
  revoke(name: string, call?: CallOptions): Promise<void>;
}

/** The keys of the tenant behind a backend. */
export function apiKeys(account: () => AccountBackend): ApiKeys {
  return {
    async create(name, options = {}) {
      checkText('name', name);
      const { signal, ...wanted } = options;
      return account().createApiKey(name, wanted, { signal });
    },
    async list(call = {}) {
      return account().listApiKeys(call);
    },
    async revoke(name, call = {}) {
      checkText('name', name);
      await account().revokeApiKey(name, call);
    },
  };
}
