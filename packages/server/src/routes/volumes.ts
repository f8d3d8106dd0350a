import { createVolumeRequest, removeVolumeQuery } from '@boxlite/api';
import { NotFoundError } from 'boxlite/backend';
import { empty, json } from '../http/respond.ts';
import { readOptionalJson, readQuery } from '../http/validated.ts';
import { onId } from '../idempotency/earlier.ts';
import { volumeToWire } from '../wire/disk.ts';
import { present } from '../wire/present.ts';
import type { RestCall, Routes } from './route.ts';

/** The operations on managed volumes. */
export function volumeRoutes(): Routes<'createVolume' | 'listVolumes' | 'getVolume' | 'removeVolume'> {
  return {
    async createVolume(call) {
      const { name } = await readOptionalJson(call.request, createVolumeRequest);
      const { volumes } = call.backend;
      const id = call.attempt?.former?.id;
      const earlier = id === undefined ? null : await volumes.get(id);
      const volume = earlier ?? (await volumes.create(name, onId(call)));
      const location = `${call.root}/volumes/${volume.id}`;
      return json(201, volumeToWire(volume), { location });
    },

    async listVolumes(call) {
      return json(200, { volumes: (await call.backend.volumes.list()).map(volumeToWire) });
    },

    async getVolume(call) {
      const name = pathVolume(call);
      const volume = await call.backend.volumes.get(name);
      if (volume === null) throw noSuchVolume(name);
      return json(200, volumeToWire(volume));
    },

    async removeVolume(call) {
      const query = readQuery(call.request, removeVolumeQuery);
      const name = pathVolume(call);
      const { attempt, backend } = call;
      const there = attempt && (await backend.volumes.get(attempt.former?.id ?? name));
      if (attempt?.former && !there) return empty(204);
      if (there) attempt.noteRemoval({ id: there.id });
      await backend.volumes.remove(there?.id ?? name, present(query));
      return empty(204);
    },
  };
}

function pathVolume(call: RestCall): string {
  const name = call.params['volume_id'] ?? '';
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/.test(name)) throw noSuchVolume(name);
  return name;
}

function noSuchVolume(name: string): NotFoundError {
  return new NotFoundError(`no volume has the id or name ${JSON.stringify(name.slice(0, 128))}`);
}
