import { readFile } from 'node:fs/promises';
import { parseMounts } from '../host/mounts.ts';

/** Where this host's cgroup controllers are mounted. */
export type CgroupLayout =
  | { readonly version: 1; readonly mounts: ReadonlyMap<string, string> }
  | { readonly version: 2; readonly root: string };

/** Reads a `mountinfo` text. As runc has it, version 2 is when /sys/fs/cgroup itself is of version 2. */
export function parseCgroupLayout(mountinfo: string): CgroupLayout | undefined {
  const mounts = new Map<string, string>();
  for (const mount of parseMounts(mountinfo)) {
    if (mount.type === 'cgroup2' && mount.path === '/sys/fs/cgroup') return { version: 2, root: mount.path };
    if (mount.type !== 'cgroup') continue;
    for (const option of mount.options) if (!mounts.has(option)) mounts.set(option, mount.path);
  }
  return mounts.has('memory') ? { version: 1, mounts } : undefined;
}

/** This host's layout; undefined where no memory controller is mounted. */
export async function readCgroupLayout(path = '/proc/self/mountinfo'): Promise<CgroupLayout | undefined> {
  return parseCgroupLayout(await readFile(path, 'utf8'));
}

/** Every directory of a cgroup, such as `/boxlite/01ABC`; each once. */
export function cgroupDirectories(layout: CgroupLayout, cgroup: string): readonly string[] {
  if (layout.version === 2) return [layout.root + cgroup];
  return [...new Set(layout.mounts.values())].map((mount) => mount + cgroup);
}
