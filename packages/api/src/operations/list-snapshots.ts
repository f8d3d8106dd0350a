import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link listSnapshots}. */
export interface ListSnapshotsOptions {
  /** Id or name. */
  readonly box: string;
}

/** The snapshots of a box, oldest first. Answers 200 with a `ListSnapshotsResponse`. */
export function listSnapshots({ box }: ListSnapshotsOptions): Endpoint {
  return { method: 'GET', path: path`/boxes/${box}/snapshots` };
}
