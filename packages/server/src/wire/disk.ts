import type { Snapshot, Volume } from '@boxlite/api';
import type { SnapshotInfo, VolumeInfo } from 'boxlite/backend';

/** A snapshot as the wire says it. */
export function snapshotToWire(info: SnapshotInfo): Snapshot {
  return {
    id: info.id,
    box_id: info.boxId,
    name: info.name,
    created_at: Math.floor(info.createdAt.getTime() / 1000),
    container_disk_bytes: info.containerDiskBytes,
    size_bytes: info.sizeBytes,
    guest_disk_bytes: 0,
  };
}

/** A volume as the wire says it. */
export function volumeToWire(info: VolumeInfo): Volume {
  return {
    id: info.id,
    name: info.name,
    state: info.state,
    created_at: info.createdAt.toISOString(),
    updated_at: info.updatedAt.toISOString(),
    last_used_at: info.lastUsedAt?.toISOString() ?? null,
    error_reason: null,
  };
}
