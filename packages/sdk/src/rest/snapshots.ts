import {
  createSnapshot,
  getSnapshot,
  listSnapshots,
  listSnapshotsResponse,
  removeSnapshot,
  restoreSnapshot,
  type Snapshot as SnapshotWire,
  snapshot as snapshotSchema,
} from '@boxlite/api';
import { query } from '@boxlite/rest';
import type { SnapshotsBackend } from '../backend/backend.ts';
import type { SnapshotInfo } from '../backend/info.ts';
import { NotFoundError } from '../errors.ts';
import type { Connection } from './connection.ts';

/** The snapshots of a box on a server. */
export function restSnapshots(connection: Connection, box: string): SnapshotsBackend {
  return {
    async create(name, call) {
      return snapshotInfo(await connection.send(query(createSnapshot({ box, body: { name } }), snapshotSchema), call));
    },
    async list(call) {
      const { snapshots } = await connection.send(query(listSnapshots({ box }), listSnapshotsResponse), call);
      return snapshots.map(snapshotInfo);
    },
    async get(name, call) {
      try {
        return snapshotInfo(await connection.send(query(getSnapshot({ box, snapshot: name }), snapshotSchema), call));
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
        // Either it or the box is missing, and only the first is null.
        await this.list(call);
        return null;
      }
    },
    remove: (name, call) => connection.ignore(removeSnapshot({ box, snapshot: name }), call),
    restore: (name, call) => connection.ignore(restoreSnapshot({ box, snapshot: name }), call),
  };
}

/** A snapshot as the wire says it. */
function snapshotInfo(snapshot: SnapshotWire): SnapshotInfo {
  return {
    id: snapshot.id,
    boxId: snapshot.box_id,
    name: snapshot.name,
    createdAt: new Date(snapshot.created_at * 1000),
    containerDiskBytes: snapshot.container_disk_bytes,
    sizeBytes: snapshot.size_bytes,
  };
}
