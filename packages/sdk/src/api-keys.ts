import { checkText } from './argument.ts';
import type { AccountBackend, ApiKeyInfo, CreateApiKeyOptions } from './backend/account.ts';
import type { CallOptions } from './backend/backend.ts';

/** The API keys of a tenant on a server; `UnsupportedError` on a local runtime, whose keys `boxlite keys` makes. */
export class ApiKeys {
  readonly #account: () => AccountBackend;

  constructor(account: () => AccountBackend) {
    this.#account = account;
  }

  /** Makes a key of what one holds oneself; its `value` is told only here. `PermissionError` for more than that. */
  async create(
    name: string,
    options: CreateApiKeyOptions & CallOptions = {},
  ): Promise<ApiKeyInfo & { readonly value: string }> {
    checkText('name', name);
    const { signal, ...wanted } = options;
    return this.#account().createApiKey(name, wanted, { signal });
  }

  /** The keys that are not revoked, oldest first. */
  async list(call: CallOptions = {}): Promise<readonly ApiKeyInfo[]> {
    return this.#account().listApiKeys(call);
  }

  /** Ends a key, from its next request on; `NotFoundError` when there is none. */
  async revoke(name: string, call: CallOptions = {}): Promise<void> {
    checkText('name', name);
    await this.#account().revokeApiKey(name, call);
  }
}
