import { type Permission, permissions, type Scope, scopeGrants, scopes } from '@boxlite/api';
import { InvalidArgumentError } from 'boxlite/backend';
import type { Generation } from '../http/generation.ts';

/** How clients of generation 2 ask for them in a key; who may write boxes there also reads them and runs commands. */
const keyPermissions: ReadonlyMap<string, readonly Permission[]> = new Map([
  ['write:boxes', ['box:read', 'box:write', 'box:exec']],
  ['delete:boxes', ['box:delete']],
  ['read:volumes', ['volume:read']],
  ['write:volumes', ['volume:write']],
  ['delete:volumes', ['volume:delete']],
]);

/** What names allow, each in any of the three spellings; `InvalidArgumentError` for one that is none. */
export function permissionsNamed(names: Iterable<string>): ReadonlySet<Permission> {
  const found = new Set<Permission>();
  for (const name of names) for (const one of named(name)) found.add(one);
  return found;
}

function named(name: string): readonly Permission[] {
  const scope = scopes.find((one) => one === name);
  if (scope !== undefined) return scopeGrants[scope];
  const permission = permissions.find((one) => one === name);
  const found = permission === undefined ? keyPermissions.get(name) : [permission];
  if (found !== undefined) return found;
  const said = JSON.stringify(name.slice(0, 100));
  throw new InvalidArgumentError(
    `there is no scope ${said}; there are ${scopes.join(' ')}, and ${permissions.join(' ')}`,
  );
}

/** Permissions as a client spells them: the scopes of generation 1 where all that one allows is there, else one by one. */
export function spelled(held: ReadonlySet<Permission>, generation: Generation): readonly string[] {
  const whole: readonly Scope[] =
    generation === 1 ? scopes.filter((scope) => scopeGrants[scope].every((one) => held.has(one))) : [];
  const covered = new Set(whole.flatMap((scope) => scopeGrants[scope]));
  return [...whole, ...permissions.filter((one) => held.has(one) && !covered.has(one))];
}
