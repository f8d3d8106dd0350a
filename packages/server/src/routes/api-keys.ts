import { type ApiKey, createApiKeyRequest, type Permission } from '@boxlite/api';
import { InvalidArgumentError, PermissionError } from 'boxlite/backend';
import { permissionsNamed, spelled } from '../auth/permissions.ts';
import type { Principal } from '../auth/principal.ts';
import { defaultTenant } from '../auth/tenant.ts';
import type { Generation } from '../http/generation.ts';
import { empty, json } from '../http/respond.ts';
import { readJson } from '../http/validated.ts';
import type { Credential } from '../identity/credential.ts';
import type { Identity } from '../identity/identity.ts';
import { caller } from './identity.ts';
import type { RestCall, Routes } from './route.ts';

/** The operations on the API keys of a tenant. A caller gives on only what it holds, and for no longer. */
export function apiKeyRoutes(
  identity: Identity,
  nowMs: () => number,
): Routes<'createApiKey' | 'listApiKeys' | 'revokeApiKey'> {
  return {
    async createApiKey(call) {
      const request = await readJson(call.request, createApiKeyRequest);
      const who = caller(call);
      dropUnheard(identity, call);
      const { credential, value } = await identity.createKey({
        name: request.name,
        tenants: [tenantOf(call)],
        permissions: heldPermissions(request.permissions ?? request.scopes, who, call.generation),
        expiresAtMs: heldExpiry(request.expires_at, who, nowMs()),
        createdBy: who.id,
        root: who.root,
      });
      call.attempt?.note({ id: credential.id });
      const location = `${call.root}/api-keys/${encodeURIComponent(credential.name)}`;
      const headers = { location, 'cache-control': 'no-store' };
      return json(201, { ...apiKeyToWire(credential, call.generation), value }, headers);
    },

    async listApiKeys(call) {
      const keys = identity.list('key', tenantOf(call));
      return json(200, { api_keys: keys.map((key) => apiKeyToWire(key, call.generation)) });
    },

    async revokeApiKey(call) {
      const name = call.params['key_name'] ?? '';
      const { attempt } = call;
      const there = identity.list('key', tenantOf(call)).find((key) => key.name === name || key.id === name);
      const former = attempt?.former;
      // One of that name that came later is another.
      if (former && there?.id !== former.id) return empty(204);
      if (there) attempt?.note({ id: there.id });
      identity.revoke('key', name, tenantOf(call));
      return empty(204);
    },
  };
}

/** Ends the key that an earlier try of this request made: its value is kept nowhere, and nobody has heard it. */
function dropUnheard(identity: Identity, call: RestCall): void {
  const id = call.attempt?.former?.id;
  const made = id === undefined ? undefined : identity.get(id);
  if (made && made.revokedAtMs === undefined && made.usedAtMs === undefined)
    identity.revoke('key', made.id, made.owner);
}

function tenantOf({ tenant }: RestCall): string {
  return tenant ?? defaultTenant;
}

function heldPermissions(
  names: readonly string[] | undefined,
  who: Principal,
  generation: Generation,
): ReadonlySet<Permission> {
  if (names === undefined) return who.permissions;
  const asked = permissionsNamed(names);
  if (asked.isSubsetOf(who.permissions)) return asked;
  const lacking = spelled(asked.difference(who.permissions), generation).join(' ');
  throw new PermissionError(`a key cannot be given what its maker does not hold: ${lacking}`);
}

function heldExpiry(text: string | undefined, who: Principal, now: number): number | undefined {
  if (text === undefined) return who.expiresAtMs;
  const wanted = Date.parse(text);
  if (!(wanted > now)) throw new InvalidArgumentError(`expires_at must be in the future; got ${text}`);
  if (who.expiresAtMs === undefined || wanted <= who.expiresAtMs) return wanted;
  throw new PermissionError(`a key cannot outlive its maker: ${new Date(who.expiresAtMs).toISOString()} is the latest`);
}

function apiKeyToWire(key: Credential, generation: Generation): ApiKey {
  const time = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    name: key.name,
    permissions: spelled(key.permissions, generation),
    created_at: new Date(key.createdAtMs).toISOString(),
    last_used_at: time(key.usedAtMs),
    expires_at: time(key.expiresAtMs),
    created_by: key.createdBy,
  };
}
