import { count, filled, int, string } from './answer.ts';
import { matching } from './field.ts';
import { list, maybe, object, optional, type Schema } from './schema.ts';

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;
const nameRule = '1 to 128 letters, digits, ".", "_" or "-", beginning with a letter or digit';

/** A name of a box, a snapshot or a volume. */
export function nameField(field: string): Schema<string> {
  return matching(field, namePattern, nameRule, 128);
}

/** A named copy of a box's disk. */
export interface Snapshot {
  readonly id: string;
  readonly box_id: string;
  readonly name: string;
  /** Seconds since 1970, whole. */
  readonly created_at: number;
  readonly container_disk_bytes: number;
  readonly size_bytes: number;
  /** Always 0 here: a box has one disk. Other servers may leave it out. */
  readonly guest_disk_bytes?: number | null | undefined;
}

/** Reads a snapshot. */
export const snapshot: Schema<Snapshot> = object({
  id: filled,
  box_id: filled,
  name: string,
  created_at: int,
  container_disk_bytes: count,
  size_bytes: count,
  guest_disk_bytes: maybe(count),
});

/** Which snapshot to take. */
export interface CreateSnapshotRequest {
  readonly name: string;
}

/** Checks a request for a snapshot. */
export const createSnapshotRequest: Schema<CreateSnapshotRequest> = object({ name: nameField('name') });

/** The snapshots of a box, oldest first. */
export interface ListSnapshotsResponse {
  readonly snapshots: readonly Snapshot[];
}

/** Reads the snapshots of a box. */
export const listSnapshotsResponse: Schema<ListSnapshotsResponse> = object({ snapshots: list(snapshot) });

/** What to call the copy of a box. */
export interface CloneBoxRequest {
  readonly name?: string | undefined;
}

/** Checks a request for a copy of a box. */
export const cloneBoxRequest: Schema<CloneBoxRequest> = object({ name: optional(nameField('name')) });

/** How to export a box: there is nothing to choose yet. */
export type ExportBoxRequest = Readonly<Record<string, unknown>>;

/** Checks a request for an archive. */
export const exportBoxRequest: Schema<ExportBoxRequest> = object({});
