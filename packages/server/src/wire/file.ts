import type { FileInfo as FileWire } from '@boxlite/api';
import type { FileInfo } from 'boxlite/backend';

/** A file of a box as the wire says it. */
export function fileToWire(info: FileInfo): FileWire {
  return {
    name: info.name,
    name_base64: info.nameBytes === undefined ? null : Buffer.from(info.nameBytes).toString('base64'),
    type: info.type,
    size_bytes: info.size,
    mode: info.mode,
    uid: info.uid,
    gid: info.gid,
    modified_at: info.modifiedAt.toISOString(),
    target: info.target ?? null,
  };
}
