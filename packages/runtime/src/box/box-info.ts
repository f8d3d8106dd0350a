import type { BoxInfo } from 'boxlite/backend';
import type { BoxRecord } from '../store/box-records.ts';

/** What there is to say about a box. */
export function boxInfo(record: BoxRecord): BoxInfo {
  return {
    id: record.id,
    name: record.name,
    status: record.status,
    createdAt: new Date(record.createdAt),
    updatedAt: new Date(record.updatedAt),
    pid: record.pid,
    image: record.image,
    cpus: record.options.cpus ?? 1,
    memoryMib: record.options.memoryMib ?? 512,
    autoRemove: record.options.autoRemove ?? true,
    labels: record.options.labels ?? {},
  };
}
