import { createSnapshotRequest } from '@boxlite/api';
import { NotFoundError } from 'boxlite/backend';
import { empty, json } from '../http/respond.ts';
import { readJson } from '../http/validated.ts';
import { snapshotToWire } from '../wire/disk.ts';
import { pathBox, type RestCall, type Routes } from './route.ts';

type SnapshotOperation = 'createSnapshot' | 'listSnapshots' | 'getSnapshot' | 'removeSnapshot' | 'restoreSnapshot';

/** The operations on snapshots. */
export function snapshotRoutes(): Routes<SnapshotOperation> {
  return {
    async createSnapshot(call) {
      const { name } = await readJson(call.request, createSnapshotRequest);
      const box = await pathBox(call);
      const snapshot = await box.snapshots.create(name, { signal: call.request.signal });
      const location = `${call.root}/boxes/${box.id}/snapshots/${snapshot.name}`;
      return json(201, snapshotToWire(snapshot), { location });
    },

    async listSnapshots(call) {
      const snapshots = await (await pathBox(call)).snapshots.list();
      return json(200, { snapshots: snapshots.map(snapshotToWire) });
    },

    async getSnapshot(call) {
      const name = pathSnapshot(call);
      const snapshot = await (await pathBox(call)).snapshots.get(name);
      if (snapshot === null) throw noSuchSnapshot(name);
      return json(200, snapshotToWire(snapshot));
    },

    async removeSnapshot(call) {
      await (await pathBox(call)).snapshots.remove(pathSnapshot(call));
      return empty(204);
    },

    async restoreSnapshot(call) {
      await (await pathBox(call)).snapshots.restore(pathSnapshot(call), { signal: call.request.signal });
      return empty(204);
    },
  };
}

function pathSnapshot(call: RestCall): string {
  const name = call.params['snapshot_name'] ?? '';
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/.test(name)) throw noSuchSnapshot(name);
  return name;
}

function noSuchSnapshot(name: string): NotFoundError {
  return new NotFoundError(`the box has no snapshot ${JSON.stringify(name.slice(0, 128))}`);
}
