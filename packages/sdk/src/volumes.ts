import { checkName } from './argument.ts';
import type { CallOptions, RemoveVolumeOptions, VolumesBackend } from './backend/backend.ts';
import type { VolumeInfo } from './backend/info.ts';

/** The managed volumes of a runtime: directories that outlive boxes, for `volumes: [{ volume, guestPath }]`. */
export class Volumes {
  readonly #backend: VolumesBackend;

  constructor(backend: VolumesBackend) {
    this.#backend = backend;
  }

  /** Makes an empty volume, named by its id unless a name is given; `AlreadyExistsError` when the name is taken. */
  async create(name?: string, call: CallOptions = {}): Promise<VolumeInfo> {
    if (name !== undefined) checkName('name', name);
    return this.#backend.create(name, call);
  }

  /** Every volume, oldest first. */
  async list(call: CallOptions = {}): Promise<readonly VolumeInfo[]> {
    return this.#backend.list(call);
  }

  /** A volume by id or by name; null when there is none. */
  async get(idOrName: string, call: CallOptions = {}): Promise<VolumeInfo | null> {
    checkName('idOrName', idOrName);
    return this.#backend.get(idOrName, call);
  }

  /** Deletes a volume with all that is in it; `InvalidStateError` when a box has it, unless `force` and none runs. */
  async remove(idOrName: string, options: RemoveVolumeOptions & CallOptions = {}): Promise<void> {
    checkName('idOrName', idOrName);
    const { force = false, signal } = options;
    await this.#backend.remove(idOrName, { force }, { signal });
  }
}
