import { type NameOrId, type Pageable, path, type ReadEndpoint } from '@boxlite/rest';
import * as z from 'zod';

/** A project, as far as this binding looks. */
export const Project = z.object({ id: z.number(), path_with_namespace: z.string() });

/** What to tell beside the project itself. */
export interface ProjectOptions {
  readonly statistics?: boolean;
  readonly license?: boolean;
}

/** One project, by its number or by its path, such as `group/subgroup/name`. */
export function project(project: NameOrId, { statistics, license }: ProjectOptions = {}): ReadEndpoint {
  return { method: 'GET', path: path`/projects/${project}`, params: { statistics, license } };
}

/** Which projects to list, and in which order. */
export interface ProjectsOptions {
  readonly search?: string;
  readonly membership?: boolean;
  /** @default 'created_at' */
  readonly orderBy?: 'id' | 'name' | 'created_at';
  readonly sort?: 'asc' | 'desc';
}

/** The projects that fit. By id the server can go on from where it was; in any other order it counts pages. */
export function projects(options: ProjectsOptions = {}): Pageable {
  const { search, membership, orderBy, sort } = options;
  const params = { search, membership, order_by: orderBy, sort };
  return orderBy === 'id'
    ? {
        method: 'GET',
        path: path`/projects`,
        params: { ...params, pagination: 'keyset' },
        pagination: { mode: 'keyset' },
      }
    : { method: 'GET', path: path`/projects`, params, pagination: { mode: 'page' } };
}
