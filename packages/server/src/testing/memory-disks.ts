import {
  AlreadyExistsError,
  InvalidStateError,
  NotFoundError,
  type SnapshotInfo,
  type SnapshotsBackend,
  type VolumeInfo,
  type VolumesBackend,
} from 'boxlite/backend';

/** Snapshots that are names. One named `busy` cannot be put back. */
export function memorySnapshots(boxId: string): SnapshotsBackend {
  const snapshots = new Map<string, SnapshotInfo>();
  const found = (name: string): SnapshotInfo => {
    const snapshot = snapshots.get(name);
    if (!snapshot) throw new NotFoundError(`no snapshot ${name}`);
    return snapshot;
  };
  return {
    async create(name, { onId } = {}) {
      if (snapshots.has(name)) throw new AlreadyExistsError(`the name ${name} is taken`);
      const id = `01S${`${snapshots.size + 1}`.padStart(23, '0')}`;
      onId?.(id);
      const snapshot = { id, boxId, name, createdAt: new Date(1999), containerDiskBytes: 2, sizeBytes: 1 };
      snapshots.set(name, snapshot);
      return snapshot;
    },
    list: async () => [...snapshots.values()],
    get: async (name) => snapshots.get(name) ?? null,
    async remove(name) {
      snapshots.delete(found(name).name);
    },
    async restore(name) {
      if (found(name).name === 'busy') throw new InvalidStateError('the box runs');
    },
  };
}

/** Volumes that are names. One named `used` goes only by force. */
export function memoryVolumes(): VolumesBackend {
  const volumes = new Map<string, VolumeInfo>();
  const get = (idOrName: string): VolumeInfo | undefined =>
    volumes.get(idOrName) ?? [...volumes.values()].find(({ name }) => name === idOrName);
  return {
    async create(name, { onId } = {}) {
      if (name !== undefined && get(name)) throw new AlreadyExistsError(`the name ${name} is taken`);
      const id = `01V${`${volumes.size + 1}`.padStart(23, '0')}`;
      onId?.(id);
      const times = { createdAt: new Date(0), updatedAt: new Date(0), lastUsedAt: undefined };
      const volume: VolumeInfo = { id, name: name ?? id, state: 'ready', ...times };
      volumes.set(id, volume);
      return volume;
    },
    list: async () => [...volumes.values()],
    get: async (idOrName) => get(idOrName) ?? null,
    async remove(idOrName, { force = false } = {}) {
      const volume = get(idOrName);
      if (!volume) throw new NotFoundError(`no volume ${idOrName}`);
      if (volume.name === 'used' && !force) throw new InvalidStateError('a box has it');
      volumes.delete(volume.id);
    },
  };
}
