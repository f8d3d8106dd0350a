import { commaSeparated, type Pageable, path, type ReadEndpoint } from '@boxlite/rest';
import * as z from 'zod';

/** A user, as far as this binding looks. */
export const User = z.object({ id: z.number(), username: z.string(), name: z.string(), state: z.string() });

/** Whoever asks, or the one that `sudo` names. */
export function currentUser(): ReadEndpoint {
  return { method: 'GET', path: path`/user` };
}

/** One user. */
export function user(id: number): ReadEndpoint {
  return { method: 'GET', path: path`/users/${id}` };
}

/** Which users to list. */
export interface UsersOptions {
  readonly username?: string;
  readonly search?: string;
  readonly active?: boolean;
  readonly createdAfter?: Date;
  /** Leaves these users out. */
  readonly skipIds?: readonly number[];
}

/** The users that fit. */
export function users(options: UsersOptions = {}): Pageable {
  const { username, search, active, createdAfter, skipIds = [] } = options;
  return {
    method: 'GET',
    path: path`/users`,
    params: { username, search, active, created_after: createdAfter, skip_users: commaSeparated(skipIds) },
    pagination: { mode: 'page' },
  };
}
