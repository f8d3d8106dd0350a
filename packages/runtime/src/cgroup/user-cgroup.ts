import { access, constants } from 'node:fs/promises';
import { EngineError } from 'boxlite/backend';
import { boxesCgroupPath } from './boxes-cgroup.ts';
import { type CgroupLayout, readCgroupLayout } from './version.ts';

/** Why boxes of an ordinary user have no cgroups, and what helps. */
export interface NoUserCgroups {
  /** What is in the way, without a full stop. */
  readonly reason: string;
  /** The command or page that helps. */
  readonly fix: string;
}

const guide = 'docs/guides/rootless.md';
const start = `start it as systemd-run --user --scope --unit=boxlite -p Delegate=yes env BOXLITE_CGROUP=./boxes boxlite; ${guide}`;

async function mayWrite(path: string): Promise<boolean> {
  return await access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

/** The nearest cgroup on the way up from a path that is there. */
async function nearest(root: string, path: string): Promise<string> {
  for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/')))
    if (
      await access(root + at).then(
        () => true,
        () => false,
      )
    )
      return at;
  return '';
}

/**
 * The cgroups that an ordinary user's boxes are limited by: those of version 2 below the one that `BOXLITE_CGROUP` names,
 * which must be the user's (Linux, Documentation/admin-guide/cgroup-v2.rst, "Delegation").
 */
export async function userCgroups(): Promise<CgroupLayout | NoUserCgroups> {
  const layout = await readCgroupLayout().catch(() => undefined);
  if (layout?.version !== 2)
    return { reason: "this host's cgroups are root's alone (they are not of version 2)", fix: 'run boxlite as root' };
  if (!process.env['BOXLITE_CGROUP'])
    return { reason: 'BOXLITE_CGROUP names no cgroup that is delegated to this user', fix: start };
  const there = await nearest(layout.root, boxesCgroupPath());
  if ((await mayWrite(layout.root + there)) && (await mayWrite(`${layout.root}${there}/cgroup.procs`))) return layout;
  return { reason: `BOXLITE_CGROUP: this user may not change the cgroup ${there || '/'}`, fix: start };
}

/** `userCgroups`, undefined where there are none. `EngineError` where `BOXLITE_CGROUP` asks for some in vain: no box runs without limits that were meant. */
export async function needUserCgroups(): Promise<CgroupLayout | undefined> {
  const found = await userCgroups();
  if (!('reason' in found)) return found;
  if (!process.env['BOXLITE_CGROUP']) return undefined;
  throw new EngineError(`${found.reason}; unset it, or ${found.fix}`);
}
