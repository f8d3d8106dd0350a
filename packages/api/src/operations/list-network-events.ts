import { type Endpoint, path } from '@boxlite/rest';
import type { ListNetworkEventsQuery } from '../schemas/query.ts';

/** Parameters of {@link listNetworkEvents}. */
export interface ListNetworkEventsOptions extends ListNetworkEventsQuery {
  /** Id or name. */
  readonly box: string;
}

/** What a box's network refused. Answers 200 with a `ListNetworkEventsResponse`. */
export function listNetworkEvents({ box, after }: ListNetworkEventsOptions): Endpoint {
  return { method: 'GET', path: path`/boxes/${box}/network/events`, params: { after } };
}
