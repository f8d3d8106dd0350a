import {
  type ApiKey,
  createApiKey,
  createdApiKey,
  getMe,
  listApiKeys,
  listApiKeysResponse,
  principal,
  revokeApiKey,
} from '@boxlite/api';
import { query } from '@boxlite/rest';
import type { AccountBackend, ApiKeyInfo } from '../backend/account.ts';
import type { Connection } from './connection.ts';

/** What a server knows of those who use it. */
export function restAccount(connection: Connection): AccountBackend {
  return {
    async me(call) {
      const found = await connection.send(query(getMe(), principal), call);
      return {
        id: found.sub,
        type: found.principal_type,
        name: found.display_name ?? undefined,
        scopes: found.scopes,
        pathPrefix: found.path_prefix || undefined,
        tenants: found.tenants ?? undefined,
        expiresAt: date(found.expires_at),
      };
    },
    async createApiKey(name, { permissions, expiresAt } = {}, call) {
      const body = { name, permissions, expires_at: expiresAt?.toISOString() };
      const made = await connection.send(query(createApiKey({ body }), createdApiKey), call);
      return { ...apiKeyInfo(made), value: made.value };
    },
    async listApiKeys(call) {
      return (await connection.send(query(listApiKeys(), listApiKeysResponse), call)).api_keys.map(apiKeyInfo);
    },
    revokeApiKey: (name, call) => connection.ignore(revokeApiKey({ name }), call),
  };
}

function apiKeyInfo(key: ApiKey): ApiKeyInfo {
  return {
    name: key.name,
    permissions: key.permissions,
    createdAt: new Date(key.created_at),
    lastUsedAt: date(key.last_used_at),
    expiresAt: date(key.expires_at),
    createdBy: key.created_by ?? undefined,
  };
}

function date(text: string | null | undefined): Date | undefined {
  return text ? new Date(text) : undefined;
}
