import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link removeSnapshot}. */
export interface RemoveSnapshotOptions {
  /** Id or name. */
  readonly box: string;
  /** The snapshot's name. */
  readonly snapshot: string;
}

/** Deletes a snapshot. Answers 204. */
export function removeSnapshot({ box, snapshot }: RemoveSnapshotOptions): Endpoint {
  return { method: 'DELETE', path: path`/boxes/${box}/snapshots/${snapshot}` };
}
