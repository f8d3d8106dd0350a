import { commaSeparated, type NameOrId, nameOrId, type Pageable, path } from '@boxlite/rest';
import * as z from 'zod';

/** A merge request, as far as this binding looks. */
export const MergeRequest = z.object({ iid: z.number(), title: z.string(), state: z.string() });

/** Which merge requests to list. */
export interface MergeRequestsOptions {
  readonly state?: 'opened' | 'closed' | 'locked' | 'merged';
  /** By name or by number. */
  readonly author?: NameOrId;
  readonly labels?: readonly string[];
  readonly iids?: readonly number[];
  readonly updatedAfter?: Date;
}

/** The merge requests of a project, in the order in which they were made; each page says where the next begins. */
export function mergeRequests(project: NameOrId, options: MergeRequestsOptions = {}): Pageable {
  const { state, author, labels = [], iids = [], updatedAfter } = options;
  return {
    method: 'GET',
    path: path`/projects/${project}/merge_requests`,
    params: {
      pagination: 'keyset',
      order_by: 'created_at',
      sort: 'asc',
      state,
      ...nameOrId(author, 'author_username', 'author_id'),
      labels: commaSeparated(labels),
      'iids[]': iids,
      updated_after: updatedAfter,
    },
    pagination: { mode: 'keyset' },
  };
}
