import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link getSnapshot}. */
export interface GetSnapshotOptions {
  /** Id or name. */
  readonly box: string;
  /** The snapshot's name. */
  readonly snapshot: string;
}

/** One snapshot of a box. Answers 200 with a `Snapshot`. */
export function getSnapshot({ box, snapshot }: GetSnapshotOptions): Endpoint {
  return { method: 'GET', path: path`/boxes/${box}/snapshots/${snapshot}` };
}
