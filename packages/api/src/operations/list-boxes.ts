import { type Pageable, path } from '@boxlite/rest';
import type { ListBoxesQuery } from '../schemas/query.ts';

/** The options of {@link listBoxes} are its query. */
export type ListBoxesOptions = ListBoxesQuery;

/** Boxes, oldest first. Answers 200 with a `ListBoxesResponse`. */
export function listBoxes({ pageSize, pageToken, status, label, namePrefix }: ListBoxesOptions = {}): Pageable {
  return {
    method: 'GET',
    path: path`/boxes`,
    params: { pageSize, pageToken, status, label, namePrefix },
    pagination: { mode: 'token', items: 'boxes' },
  };
}
