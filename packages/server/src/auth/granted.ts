import type { Permission } from '@boxlite/api';
import { InvalidArgumentError } from 'boxlite/backend';
import { permissionsNamed, spelled } from './permissions.ts';

/** What a client gets of the scopes that it asks for, separated by spaces: all or an `InvalidArgumentError`; without a wish all it has. */
export function grantedPermissions(wanted: string | undefined, held: ReadonlySet<Permission>): ReadonlySet<Permission> {
  const names = (wanted ?? '').split(' ').filter((name) => name !== '');
  if (names.length === 0) return held;
  const asked = permissionsNamed(names);
  if (asked.isSubsetOf(held)) return asked;
  const lacking = spelled(asked.difference(held), 1).join(' ');
  throw new InvalidArgumentError(`this client may not have ${lacking}; it may have ${spelled(held, 1).join(' ')}`);
}
