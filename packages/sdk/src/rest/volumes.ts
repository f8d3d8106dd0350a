import {
  createVolume,
  getVolume,
  listVolumes,
  listVolumesResponse,
  removeVolume,
  type Volume as VolumeWire,
  volume as volumeSchema,
} from '@boxlite/api';
import { query } from '@boxlite/rest';
import type { VolumesBackend } from '../backend/backend.ts';
import type { VolumeInfo } from '../backend/info.ts';
import { NotFoundError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { date } from './time-wire.ts';

/** The managed volumes of a server. */
export function restVolumes(connection: Connection): VolumesBackend {
  return {
    async create(name, call) {
      return volumeInfo(await connection.send(query(createVolume({ body: { name } }), volumeSchema), call));
    },
    async list(call) {
      return (await connection.send(query(listVolumes(), listVolumesResponse), call)).volumes.map(volumeInfo);
    },
    async get(idOrName, call) {
      try {
        return volumeInfo(await connection.send(query(getVolume({ volume: idOrName }), volumeSchema), call));
      } catch (error) {
        if (error instanceof NotFoundError) return null;
        throw error;
      }
    },
    remove: (idOrName, { force } = {}, call = {}) =>
      connection.ignore(removeVolume({ volume: idOrName, ...(force && { force }) }), call),
  };
}

/** A volume as the wire says it. */
function volumeInfo(volume: VolumeWire): VolumeInfo {
  return {
    id: volume.id,
    name: volume.name ?? volume.id,
    state: volume.state ?? 'ready',
    createdAt: date('created_at', volume.created_at),
    updatedAt: date('updated_at', volume.updated_at ?? volume.created_at),
    lastUsedAt: volume.last_used_at == null ? undefined : date('last_used_at', volume.last_used_at),
  };
}
