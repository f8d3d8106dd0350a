import { createSnapshotRequest } from '@boxlite/api';
import { type BoxBackend, InvalidStateError, NotFoundError, type SnapshotInfo } from 'boxlite/backend';
import { empty, json } from '../http/respond.ts';
import { readJson } from '../http/validated.ts';
import { onId } from '../idempotency/earlier.ts';
import { boxToWire } from '../wire/box.ts';
import { snapshotToWire } from '../wire/disk.ts';
import { pathBox, type RestCall, type Routes } from './route.ts';

type SnapshotOperation = 'createSnapshot' | 'listSnapshots' | 'getSnapshot' | 'removeSnapshot' | 'restoreSnapshot';

/** The operations on snapshots. */
export function snapshotRoutes(): Routes<SnapshotOperation> {
  return {
    async createSnapshot(call) {
      const { name } = await readJson(call.request, createSnapshotRequest);
      const box = await pathBox(call);
      const { signal } = call.request;
      const snapshot =
        (await earlierSnapshot(call, box, name)) ?? (await box.snapshots.create(name, { signal, ...onId(call) }));
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
      const name = pathSnapshot(call);
      const { snapshots } = await pathBox(call);
      const { attempt } = call;
      const there = attempt && (await snapshots.get(name));
      // One of that name that came later is another.
      if (attempt?.former && there?.id !== attempt.former.id) return empty(204);
      if (there) attempt.noteRemoval({ id: there.id });
      await snapshots.remove(name);
      return empty(204);
    },

    async restoreSnapshot(call) {
      const name = pathSnapshot(call);
      const box = await pathBox(call);
      const now = boxToWire(box.snapshot);
      const { former } = call.attempt ?? {};
      if (former?.box && former.box.started_at !== now.started_at) {
        const why = 'the server ended during the restore, and the box was started since';
        throw new InvalidStateError(`${why}: see what its disk holds, and restore with a new key if it must be`);
      }
      call.attempt?.note({ box: now });
      await box.snapshots.restore(name, { signal: call.request.signal });
      return empty(204);
    },
  };
}

/** What an earlier try of this request made before it was cut off. */
async function earlierSnapshot(call: RestCall, box: BoxBackend, name: string): Promise<SnapshotInfo | null> {
  const id = call.attempt?.former?.id;
  const there = id === undefined ? null : await box.snapshots.get(name);
  return there?.id === id ? there : null;
}

function pathSnapshot(call: RestCall): string {
  const name = call.params['snapshot_name'] ?? '';
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/.test(name)) throw noSuchSnapshot(name);
  return name;
}

function noSuchSnapshot(name: string): NotFoundError {
  return new NotFoundError(`the box has no snapshot ${JSON.stringify(name.slice(0, 128))}`);
}
