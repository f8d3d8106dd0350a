import type { Scope } from './token.ts';

/** What a credential may be allowed to do, as generation 2 spells it: exact, one for each kind of operation. */
export const permissions = [
  'box:read',
  'box:write',
  'box:exec',
  'box:delete',
  'volume:read',
  'volume:write',
  'volume:delete',
  'image:read',
  'image:write',
  'image:delete',
  'api_key:read',
  'api_key:write',
  'api_key:delete',
  'runtime:read',
] as const;

/** One of {@link permissions}. */
export type Permission = (typeof permissions)[number];

/** What each scope of generation 1 allows. */
export const scopeGrants: Readonly<Record<Scope, readonly Permission[]>> = {
  'boxes:read': ['box:read', 'volume:read'],
  'boxes:write': ['box:write', 'box:delete', 'volume:write', 'volume:delete'],
  'boxes:exec': ['box:exec'],
  'images:read': ['image:read'],
  'images:write': ['image:write'],
  'runtime:admin': ['runtime:read', 'image:delete', 'api_key:read', 'api_key:write', 'api_key:delete'],
};
