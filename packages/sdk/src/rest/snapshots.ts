import {
  createSnapshot,
  getSnapshot,
  listSnapshots,
  listSnapshotsResponse,
  removeSnapshot,
  restoreSnapshot,
  snapshot as snapshotSchema,
} from '@boxlite/api';
import { query } from '@boxlite/rest';
import type { SnapshotsBackend } from '../backend/backend.ts';
import { NotFoundError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { snapshotInfo } from './wire.ts';

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
