import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import {
  AlreadyExistsError,
  type BoxOptions,
  InvalidArgumentError,
  InvalidStateError,
  NotFoundError,
  type VolumeInfo,
  type VolumesBackend,
} from 'boxlite/backend';
import { checkName } from '../box/check-options.ts';
import { ulid } from '../id/ulid.ts';
import type { BoxRecord } from '../store/box-records.ts';
import { volumeRecords } from './volume-records.ts';

export interface OpenVolumesOptions {
  readonly directory: string;
  readonly database: DatabaseSync;
  /** Every box there is. */
  readonly boxes: () => readonly BoxRecord[];
  /** Deletes a folder whatever is in it. */
  readonly drop: (folder: string) => Promise<void>;
  /** `StoppedError` once the runtime is shut down. */
  readonly assertOpen: () => void;
}

/** The managed volumes of a home directory. */
export interface ManagedVolumes {
  /** Those of a tenant, who sees no other. */
  of(tenant: string): VolumesBackend;
  /** Box options in which every managed volume is named by its id. `InvalidArgumentError` for one that the tenant lacks. */
  take(tenant: string, options: BoxOptions): BoxOptions;
  /** Where what is in a volume lies. */
  path(id: string): string;
  /** Deletes what a crash left of volumes that were never recorded, or are no more. */
  sweep(): Promise<void>;
}

function has({ options }: BoxRecord, id: string): boolean {
  return (options.volumes ?? []).some((volume) => 'volume' in volume && volume.volume === id);
}

/** A volume is there once its record is: its folder is made before, and goes after it. */
export function managedVolumes({ directory, database, boxes, drop, assertOpen }: OpenVolumesOptions): ManagedVolumes {
  const records = volumeRecords(database);
  const folder = (id: string): string => join(directory, id);
  const path = (id: string): string => join(folder(id), 'data');
  const found = (tenant: string, idOrName: string): VolumeInfo => {
    const volume = records.get(tenant, idOrName);
    if (volume) return volume;
    throw new NotFoundError(`volume not found: ${idOrName}; boxlite volume ls shows those there are`);
  };
  const enter = (signal: AbortSignal | undefined): void => {
    signal?.throwIfAborted();
    assertOpen();
  };
  const of = (tenant: string): VolumesBackend => ({
    async create(name, { signal, onId } = {}) {
      enter(signal);
      if (name !== undefined) checkName('name', name);
      const now = Date.now();
      const id = ulid(now);
      await mkdir(path(id), { recursive: true, mode: 0o700 });
      await chmod(path(id), 0o755);
      if (name !== undefined && records.get(tenant, name)) {
        await drop(folder(id));
        throw new AlreadyExistsError(`a volume named ${name} exists already; choose another name or remove it`);
      }
      onId?.(id);
      records.insert(tenant, id, name ?? id, now);
      return found(tenant, id);
    },
    async list({ signal } = {}) {
      enter(signal);
      return records.list(tenant);
    },
    async get(idOrName, { signal } = {}) {
      enter(signal);
      return records.get(tenant, idOrName) ?? null;
    },
    async remove(idOrName, { force = false } = {}, { signal } = {}) {
      enter(signal);
      const { id, name } = found(tenant, idOrName);
      const holders = boxes().filter((box) => has(box, id));
      const busy = holders.find(({ status }) => !['configured', 'stopped', 'failed'].includes(status));
      const holder = busy ?? (force ? undefined : holders[0]);
      if (holder) {
        const next = busy ? 'stop it first' : 'remove it first, or remove the volume with force';
        throw new InvalidStateError(`volume ${name} is used by box ${holder.name ?? holder.id}; ${next}`);
      }
      records.remove(id);
      await drop(folder(id));
    },
  });
  return {
    of,
    path,
    take(tenant, options) {
      if (!options.volumes) return options;
      const volumes = options.volumes.map((volume, i) => {
        if (!('volume' in volume)) return volume;
        const taken = records.get(tenant, volume.volume);
        if (!taken) {
          const next = 'make it with volumes.create or boxlite volume create';
          throw new InvalidArgumentError(`volumes[${i}].volume: there is no volume ${volume.volume}; ${next}`);
        }
        records.used(taken.id, Date.now());
        return { ...volume, volume: taken.id };
      });
      return { ...options, volumes };
    },
    async sweep() {
      const known = new Set(records.ids());
      for (const name of await readdir(directory).catch(() => [])) if (!known.has(name)) await drop(folder(name));
    },
  };
}
