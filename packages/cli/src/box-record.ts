import type { BoxInfo } from 'boxlite/backend';
import type { Plain } from './yaml.ts';

/** A box as `inspect` and `list --format json` print it. */
export function boxRecord(info: BoxInfo): { readonly [key: string]: Plain } {
  return {
    Id: info.id,
    Name: info.name ?? null,
    Image: info.image,
    Created: info.createdAt.toISOString(),
    Status: info.status,
    State: { Status: info.status, Running: info.status === 'running', Pid: info.pid ?? null },
    Cpus: info.cpus,
    MemoryMib: info.memoryMib,
    AutoRemove: info.autoRemove ?? null,
    Labels: { ...info.labels },
  };
}
