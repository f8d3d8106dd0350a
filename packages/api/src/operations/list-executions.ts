import { type Pageable, path } from '@boxlite/rest';
import type { ListExecutionsQuery } from '../schemas/query.ts';

/** Parameters of {@link listExecutions}. */
export interface ListExecutionsOptions extends ListExecutionsQuery {
  /** Id or name. */
  readonly box: string;
}

/** The executions of a box, oldest first. Answers 200 with a `ListExecutionsResponse`. */
export function listExecutions({ box, pageSize, pageToken }: ListExecutionsOptions): Pageable {
  return {
    method: 'GET',
    path: path`/boxes/${box}/executions`,
    params: { pageSize, pageToken },
    pagination: { mode: 'token', items: 'executions' },
  };
}
