import { type Permission, permissions } from '@boxlite/api';
import { HttpError } from '../http/http-error.ts';
import type { Credential } from '../identity/credential.ts';
import { permissionsNamed } from './permissions.ts';
import { checkTenant, defaultTenant, type Membership } from './tenant.ts';

/** Who makes a request, and what they may do. */
export interface Principal extends Membership {
  readonly id: string;
  /** Whose limits its requests count on: itself, or who made its key, or who made that one's, and so on. */
  readonly root: string;
  /** What people call it. */
  readonly name: string;
  readonly permissions: ReadonlySet<Permission>;
  /** When its credential ends; a token may end before. Milliseconds since 1970. */
  readonly expiresAtMs: number | undefined;
}

/** What a configured credential may do. */
export interface GrantOptions {
  /** In the spelling of either generation. @default every scope */
  readonly scopes?: readonly string[];
  /** The first is the one meant where a path names none. @default every tenant */
  readonly tenants?: readonly string[];
}

/** Makes a principal from what was configured. `InvalidArgumentError` for a scope or a tenant that cannot be. */
export function configuredPrincipal(id: string, { scopes, tenants }: GrantOptions): Principal {
  for (const tenant of tenants ?? []) checkTenant(tenant);
  return {
    id,
    root: id,
    name: id,
    permissions: scopes === undefined ? new Set(permissions) : permissionsNamed(scopes),
    tenants: tenants && new Set(tenants),
    home: tenants?.[0] ?? defaultTenant,
    expiresAtMs: undefined,
  };
}

/** The principal of a credential that is kept. */
export function keptPrincipal({ id, root, name, permissions: held, tenants, expiresAtMs }: Credential): Principal {
  return {
    ...{ id, root, name, permissions: held, expiresAtMs },
    tenants: tenants && new Set(tenants),
    home: tenants?.[0] ?? defaultTenant,
  };
}

/** 403 unless the principal may do something, which `said` names in the client's spelling. */
export function requirePermission(who: Principal, needed: Permission, said: string): void {
  if (who.permissions.has(needed)) return;
  const message = `the credential lacks the scope ${said}; GET /v1/me tells what it has`;
  const challenge = `Bearer realm="boxlite", error="insufficient_scope", scope="${said}"`;
  throw new HttpError(403, 'PermissionError', message, { 'www-authenticate': challenge });
}
