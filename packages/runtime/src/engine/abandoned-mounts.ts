import { readdir, readFile, rmdir, stat, utimes } from 'node:fs/promises';
import { boxesCgroupPath } from '../cgroup/boxes-cgroup.ts';
import type { Host } from '../host/host.ts';
import { readMounts } from '../host/mounts.ts';
import { isUlid } from '../id/ulid.ts';
import { boxMounts, unmountInside } from './box-mounts.ts';

// No start takes as long: until its first process is there, a box has a mount and nothing that runs.
const leastAgeMs = 10 * 60_000;

/** Whether no process is in a cgroup or below. */
async function isEmpty(path: string): Promise<boolean> {
  if ((await readFile(`${path}/cgroup.procs`, 'utf8')).trim() !== '') return false;
  const below = (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  return (await Promise.all(below.map(({ name }) => isEmpty(`${path}/${name}`)))).every(Boolean);
}

/** The directories of a cgroup in every hierarchy that has it. */
async function directoriesOf(cgroup: string): Promise<readonly string[]> {
  const hierarchies = (await readMounts()).filter(({ type }) => type === 'cgroup' || type === 'cgroup2');
  const there = async ({ path }: { readonly path: string }): Promise<readonly string[]> =>
    (await stat(path + cgroup).catch(() => undefined)) ? [path + cgroup] : [];
  return (await Promise.all(hierarchies.map(there))).flat();
}

/**
 * Takes away what is still mounted of boxes that are in no home directory any more, and so keeps what was deleted on the
 * disk. Any runtime of root does it, for those that are not its own (`known`), whose cgroup is there and has had no
 * process for a while. What another runtime crashed with it mounts anew.
 */
export async function sweepAbandonedMounts(host: Host, known: (id: string) => boolean): Promise<void> {
  if (host.space.rootless) return;
  for (const id of await readdir(host.space.mounts.own).catch(() => []))
    if (isUlid(id) && !known(id)) await sweep(host, id).catch(() => {});
}

async function sweep(host: Host, id: string): Promise<void> {
  const { own } = boxMounts(host.space, id);
  const { atime, mtime } = await stat(own);
  if (Date.now() - mtime.getTime() < leastAgeMs) return;
  const directories = await directoriesOf(`${boxesCgroupPath()}/${id}`);
  if (!(await Promise.all(directories.map(isEmpty))).every(Boolean)) return;
  if (directories.length > 0) {
    await unmountInside(host, id, (target) => host.umount(target, { detach: true }));
    // Who goes on after a crash, here or below, need not wait anew.
    await utimes(own, atime, mtime);
    await Promise.all(directories.map((path) => rmdir(path)));
  }
  // Last, since by it all else is found. Without a cgroup only what has nothing in it goes, as a crash just here leaves it.
  await rmdir(own);
}
