import { join } from 'node:path';
import type { EngineBox } from '../engine/engine.ts';
import type { BoxRecord } from '../store/box-records.ts';
import type { BoxHome } from './box-home.ts';

/** A box as its engine must know it; everything of it lies below the folder. */
export function engineBox(record: BoxRecord, folder: string, volumePath: BoxHome['volumePath']): EngineBox {
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
    processes: options.processes ?? 4096,
    openFiles: options.openFiles,
    volumes: (options.volumes ?? []).map(({ guestPath, readOnly = false, ...volume }) => ({
      hostPath: 'volume' in volume ? volumePath(volume.volume) : volume.hostPath,
      guestPath,
      readOnly,
    })),
    tmpfs: (options.tmpfs ?? []).map(({ guestPath, sizeMib = 64 }) => ({ guestPath, sizeMib })),
    security: options.security ?? 'standard',
    capabilities: options.capabilities ?? {},
  };
}
