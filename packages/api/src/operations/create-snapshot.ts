import { type Endpoint, json, path } from '@boxlite/rest';
import type { CreateSnapshotRequest } from '../schemas/snapshot.ts';

/** Parameters of {@link createSnapshot}. */
export interface CreateSnapshotOptions {
  /** Id or name. */
  readonly box: string;
  /** The request's body. */
  readonly body: CreateSnapshotRequest;
}

/** Copies a box's disk under a name. Answers 201 with a `Snapshot`; 409 for a name that the box has. */
export function createSnapshot({ box, body }: CreateSnapshotOptions): Endpoint {
  return { method: 'POST', path: path`/boxes/${box}/snapshots`, body: json(body) };
}
