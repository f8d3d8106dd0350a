import { join } from 'node:path';
import type { EngineBox } from '../engine/engine.ts';
import type { BoxRecord } from '../store/box-records.ts';
import type { BoxHome } from './box-home.ts';

// So few that its guest, which nothing prefers there, still gets its turn among them to end a fork bomb.
const processesWithoutCgroups = 1024;

/** A box as its engine must know it; everything of it lies below the folder. */
export function engineBox(
  record: BoxRecord,
  folder: string,
  { engine, volumePath }: Pick<BoxHome, 'engine' | 'volumePath'>,
): EngineBox {
  const { id, name, options, rootfs, detached } = record;
  return {
    id,
    folder,
    rootfs,
    socketPath: join(folder, 'guest.sock'),
    attached: !detached,
    hostname: name?.replaceAll(/[^a-zA-Z0-9-]/g, '-').slice(0, 63) ?? id.toLowerCase(),
    cpus: options.cpus ?? 1,
    memoryMib: options.memoryMib ?? 512,
    diskSizeGb: options.diskSizeGb,
    processes: options.processes ?? (engine.cgroups ? 4096 : processesWithoutCgroups),
    openFiles: options.openFiles,
    volumes: (options.volumes ?? []).map(({ guestPath, readOnly = false, ...volume }) => ({
      hostPath: 'volume' in volume ? volumePath(volume.volume) : volume.hostPath,
      guestPath,
      readOnly,
      managed: 'volume' in volume,
    })),
    tmpfs: (options.tmpfs ?? []).map(({ guestPath, sizeMib = 64 }) => ({ guestPath, sizeMib })),
    security: options.security ?? 'standard',
    capabilities: options.capabilities ?? {},
  };
}
