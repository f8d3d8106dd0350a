import { checkName } from './argument.ts';
import type { CallOptions, RemoveVolumeOptions, VolumesBackend } from './backend/backend.ts';
import type { VolumeInfo } from './backend/info.ts';

/** The managed volumes of a runtime: directories that outlive boxes, for `volumes: [{ volume, guestPath }]`. */
export interface Volumes {
  /** Makes an empty volume, named by its id unless a name is given; `AlreadyExistsError` when the name is taken. */
  create(name?: string, call?: CallOptions): Promise<VolumeInfo>;
  /** Every volume, oldest first. */
  list(call?: CallOptions): Promise<readonly VolumeInfo[]>;
  /** A volume by id or by name; null when there is none. */
  get(idOrName: string, call?: CallOptions): Promise<VolumeInfo | null>;
  /** Deletes a volume with all that is in it; `InvalidStateError` when a box has it, unless `force` and none runs. */
  remove(idOrName: string, options?: RemoveVolumeOptions & CallOptions): Promise<void>;
}

/** The volumes of the runtime behind a backend. */
export function volumes(backend: VolumesBackend): Volumes {
  return {
    async create(name, call = {}) {
      if (name !== undefined) checkName('name', name);
      return backend.create(name, call);
    },
    async list(call = {}) {
      return backend.list(call);
    },
    async get(idOrName, call = {}) {
      checkName('idOrName', idOrName);
      return backend.get(idOrName, call);
    },
    async remove(idOrName, options = {}) {
      checkName('idOrName', idOrName);
      const { force = false, signal } = options;
      await backend.remove(idOrName, { force }, { signal });
    },
  };
}
