import { type Scope, scopes } from '@boxlite/api';
import { NotFoundError } from 'boxlite/backend';
import { HttpError } from '../http/http-error.ts';

/** Who makes a request, and what they may do. */
export interface Principal {
  readonly id: string;
  /** A token from `/v1/oauth/tokens`, or an API key. */
  readonly kind: 'token' | 'key';
  readonly scopes: ReadonlySet<Scope>;
  /** Undefined: every tenant. */
  readonly tenants: ReadonlySet<string> | undefined;
}

/** What a configured credential may do. */
export interface GrantOptions {
  /** @default every scope */
  readonly scopes?: readonly Scope[];
  /** @default every tenant */
  readonly tenants?: readonly string[];
}

const tenantPattern = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/;

/** Makes a principal from what was configured. */
export function principal(id: string, kind: Principal['kind'], grant: GrantOptions): Principal {
  return {
    id,
    kind,
    scopes: new Set(grant.scopes ?? scopes),
    tenants: grant.tenants && new Set(grant.tenants),
  };
}

/** The generation of clients that a credential belongs to: tokens of `/v1/oauth/tokens` are of the first. */
export function generationOf(who: Principal | undefined): 1 | 2 {
  return who?.kind === 'token' ? 1 : 2;
}

/** 404 unless the path's tenant has the form of one and this principal may use it: it must not learn which exist. */
export function requireTenant(who: Principal, tenant: string): void {
  if (tenantPattern.test(tenant) && (who.tenants === undefined || who.tenants.has(tenant))) return;
  throw new NotFoundError(`no tenant is named ${JSON.stringify(tenant.slice(0, 128))}`);
}

/** 403 unless the principal has the scope. */
export function requireScope(who: Principal, scope: Scope): void {
  if (who.scopes.has(scope)) return;
  const message = `the credential lacks the scope ${scope}; it has ${[...who.scopes].join(' ') || 'none'}`;
  throw new HttpError(403, 'PermissionError', message, {
    'www-authenticate': `Bearer realm="boxlite", error="insufficient_scope", scope="${scope}"`,
  });
}
