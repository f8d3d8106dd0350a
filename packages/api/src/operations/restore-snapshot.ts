import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link restoreSnapshot}. */
export interface RestoreSnapshotOptions {
  /** Id or name. */
  readonly box: string;
  /** The snapshot's name. */
  readonly snapshot: string;
}

/** Puts a box's disk back as it was. Answers 204; 409 while the box runs. */
export function restoreSnapshot({ box, snapshot }: RestoreSnapshotOptions): Endpoint {
  return { method: 'POST', path: path`/boxes/${box}/snapshots/${snapshot}/restore` };
}
