import { operations } from '@boxlite/api';
import { InvalidArgumentError, NotFoundError } from 'boxlite/backend';

const pattern = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/;

/** Who generation 1 always asks for, and who a runtime belongs to before it knows of tenants. */
export const defaultTenant = 'default';

/** First segments of paths without a tenant: one that is named so could not be told from them. */
const reserved: ReadonlySet<string> = new Set(
  operations.flatMap(({ path }) => path.match(/^\/v1\/(?:\{prefix\}\/)?([\w-]+)/)?.[1] ?? []),
);

/** Whether a tenant may be called so. */
export function isTenant(name: string): boolean {
  return pattern.test(name) && !reserved.has(name);
}

/** `InvalidArgumentError` unless a tenant may be called so. */
export function checkTenant(name: string): void {
  if (isTenant(name)) return;
  const rule =
    'begin with a letter or digit, hold letters, digits, ".", "_" and "-", at most 128, and be no word of the API';
  throw new InvalidArgumentError(`a tenant's name must ${rule}; got ${JSON.stringify(name.slice(0, 200))}`);
}

/** Where somebody is at home. */
export interface Membership {
  /** Undefined: in every tenant. */
  readonly tenants: ReadonlySet<string> | undefined;
  /** The tenant that is meant where a path names none. */
  readonly home: string;
}

/**
 * The tenant that a path means: the one it names, where the principal belongs to it; its own for no name, and for
 * `default` unless it belongs to one that is called so. Anything else is 404: nobody learns which tenants there are.
 */
export function meantTenant({ tenants, home }: Membership, named: string | undefined): string {
  if (named === undefined) return home;
  if (isTenant(named)) {
    if (tenants === undefined || tenants.has(named)) return named;
    if (named === defaultTenant) return home;
  }
  throw new NotFoundError(`no tenant is named ${JSON.stringify(named.slice(0, 128))}`);
}
