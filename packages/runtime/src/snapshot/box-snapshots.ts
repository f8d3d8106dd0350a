import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AlreadyExistsError,
  type CallOptions,
  type MakeOptions,
  NotFoundError,
  ResourceExhaustedError,
  type SnapshotInfo,
  type SnapshotsBackend,
} from 'boxlite/backend';
import { abortable } from '../box/abortable.ts';
import type { BoxLife } from '../box/box-life.ts';
import { checkName } from '../box/check-options.ts';
import type { BoxDisks } from '../disk/box-disks.ts';
import { ulid } from '../id/ulid.ts';
import type { SnapshotRecords } from './snapshot-records.ts';

/** Most snapshots of one box. */
const snapshotsMax = 1000;

export interface BoxSnapshotsOptions {
  readonly boxId: string;
  /** The box's own. */
  readonly folder: string;
  readonly life: BoxLife;
  readonly disks: BoxDisks;
  readonly records: SnapshotRecords;
}

/**
 * The snapshots of a box: copies of its disk in folders named by their ids. One is there once its record is: the folder
 * is complete before, and goes after it.
 */
export function boxSnapshots({ boxId, folder, life, disks, records }: BoxSnapshotsOptions): SnapshotsBackend {
  const found = (name: string): SnapshotInfo => {
    const snapshot = records.get(boxId, name);
    if (snapshot) return snapshot;
    throw new NotFoundError(`box ${boxId} has no snapshot ${name}; list shows those it has`);
  };
  const place = (id: string): string => join(snapshotsFolder(folder), id);
  const enter = (call: CallOptions): void => {
    call.signal?.throwIfAborted();
    life.assertHere();
  };
  const create = async (name: string, { onId }: MakeOptions): Promise<SnapshotInfo> => {
    if (records.get(boxId, name)) {
      throw new AlreadyExistsError(`box ${boxId} has a snapshot ${name} already; choose another name or remove it`);
    }
    if (records.list(boxId).length >= snapshotsMax) {
      throw new ResourceExhaustedError(`box ${boxId} has ${snapshotsMax} snapshots; remove one`);
    }
    return disks.stages.use(async (stage) => {
      const now = Date.now();
      const size = await disks.copy(folder, join(stage, 'copy'));
      const snapshot = { id: ulid(now), boxId, name, createdAt: new Date(now), ...size };
      onId?.(snapshot.id);
      await mkdir(snapshotsFolder(folder), { recursive: true, mode: 0o700 });
      await rename(join(stage, 'copy'), place(snapshot.id));
      records.insert(snapshot);
      return snapshot;
    });
  };
  return {
    async create(name, call = {}) {
      checkName('snapshot name', name);
      enter(call);
      return abortable(
        life.whileStill(() => create(name, call)),
        call.signal,
      );
    },
    async list(call = {}) {
      enter(call);
      return records.list(boxId);
    },
    async get(name, call = {}) {
      enter(call);
      return records.get(boxId, name) ?? null;
    },
    async remove(name, call = {}) {
      enter(call);
      const gone = life.whileStill(async () => {
        const { id } = found(name);
        records.remove(id);
        await disks.drop(place(id));
      });
      await abortable(gone, call.signal);
    },
    async restore(name, call = {}) {
      enter(call);
      found(name);
      const back = life.whileStopped(() => disks.replace(folder, place(found(name).id)));
      await abortable(back, call.signal);
    },
  };
}

function snapshotsFolder(folder: string): string {
  return join(folder, 'snapshots');
}

/** Deletes what a crash left of snapshots that were never recorded, or are no more. */
export async function sweepSnapshots(
  boxId: string,
  folder: string,
  disks: BoxDisks,
  records: SnapshotRecords,
): Promise<void> {
  const known = new Set(records.list(boxId).map(({ id }) => id));
  for (const name of await readdir(snapshotsFolder(folder)).catch(() => [])) {
    if (!known.has(name)) await disks.drop(join(snapshotsFolder(folder), name));
  }
}
