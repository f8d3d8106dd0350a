import type { RuntimeBackend } from 'boxlite/backend';
import { defaultTenant } from './auth/tenant.ts';

/** The backend as each tenant has it. */
export interface Tenants {
  /** @default what the server was given, for what belongs to no tenant */
  backend(tenant: string | undefined): RuntimeBackend;
}

const mostKept = 1000;

/** Asks a backend for its tenants, and keeps what it gives: one over REST has tokens that are worth keeping. */
export function tenantsOf(backend: RuntimeBackend): Tenants {
  const kept = new Map<string, RuntimeBackend>();
  return {
    backend(tenant) {
      if (tenant === undefined || tenant === defaultTenant) return backend;
      const known = kept.get(tenant);
      if (known) return known;
      const [oldest] = kept.keys();
      if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest);
      const made = backend.tenant(tenant);
      kept.set(tenant, made);
      return made;
    },
  };
}
