import { join } from 'node:path';
import type { EngineBox } from '../engine/engine.ts';
import type { BoxRecord } from '../store/box-records.ts';

/** A box as its engine must know it; everything of it lies below the folder. */
export function engineBox(record: BoxRecord, folder: string): EngineBox {
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
    volumes: options.volumes ?? [],
    security: options.security ?? 'standard',
  };
}
