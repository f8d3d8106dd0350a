import { checkName } from './argument.ts';
import type { CallOptions, SnapshotsBackend } from './backend/backend.ts';
import type { SnapshotInfo } from './backend/info.ts';

/** The snapshots of one box: named copies of its disk, which go with the box. */
export interface Snapshots {
  /** Copies the box's disk as it is now; a box that runs stands still meanwhile. `AlreadyExistsError` for a name it has. */
  create(name: string, call?: CallOptions): Promise<SnapshotInfo>;
  /** Every snapshot of the box, oldest first. */
  list(call?: CallOptions): Promise<readonly SnapshotInfo[]>;
  /** A snapshot by its name; null when there is none. */
  get(name: string, call?: CallOptions): Promise<SnapshotInfo | null>;
  /** Deletes a snapshot; `NotFoundError` when there is none. */
  remove(name: string, call?: CallOptions): Promise<void>;
  /** Puts the disk back as it was, in one step; the snapshot stays. `InvalidStateError` while the box runs. */
  restore(name: string, call?: CallOptions): Promise<void>;
}

/** The snapshots of the box behind a backend. */
export function snapshots(backend: SnapshotsBackend): Snapshots {
  return {
    async create(name, call = {}) {
      checkName('name', name);
      return backend.create(name, call);
    },
    async list(call = {}) {
      return backend.list(call);
    },
    async get(name, call = {}) {
      checkName('name', name);
      return backend.get(name, call);
    },
    async remove(name, call = {}) {
      checkName('name', name);
      await backend.remove(name, call);
    },
    async restore(name, call = {}) {
      checkName('name', name);
      await backend.restore(name, call);
    },
  };
}
