import { checkName } from './argument.ts';
import type { CallOptions, SnapshotsBackend } from './backend/backend.ts';
import type { SnapshotInfo } from './backend/info.ts';

/** The snapshots of one box: named copies of its disk, which go with the box. */
export class Snapshots {
  readonly #backend: SnapshotsBackend;

  constructor(backend: SnapshotsBackend) {
    this.#backend = backend;
  }

  /** Copies the box's disk as it is now; a box that runs stands still meanwhile. `AlreadyExistsError` for a name it has. */
  async create(name: string, call: CallOptions = {}): Promise<SnapshotInfo> {
    checkName('name', name);
    return this.#backend.create(name, call);
  }

  /** Every snapshot of the box, oldest first. */
  async list(call: CallOptions = {}): Promise<readonly SnapshotInfo[]> {
    return this.#backend.list(call);
  }

  /** A snapshot by its name; null when there is none. */
  async get(name: string, call: CallOptions = {}): Promise<SnapshotInfo | null> {
    checkName('name', name);
    return this.#backend.get(name, call);
  }

  /** Deletes a snapshot; `NotFoundError` when there is none. */
  async remove(name: string, call: CallOptions = {}): Promise<void> {
    checkName('name', name);
    await this.#backend.remove(name, call);
  }

  /** Puts the disk back as it was, in one step; the snapshot stays. `InvalidStateError` while the box runs. */
  async restore(name: string, call: CallOptions = {}): Promise<void> {
    checkName('name', name);
    await this.#backend.restore(name, call);
  }
}
