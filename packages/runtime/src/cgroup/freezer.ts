import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineError } from 'boxlite/backend';
import type { CgroupLayout } from './version.ts';

interface Freezer {
  readonly file: string;
  readonly freeze: string;
  readonly thaw: string;
  /** Where the kernel tells that every process has stopped, and what it says then. */
  readonly told: string;
  readonly frozen: RegExp;
}

const freezeMs = 10_000;

function freezer(layout: CgroupLayout, cgroup: string): Freezer | undefined {
  if (layout.version === 2) {
    const folder = layout.root + cgroup;
    const told = `${folder}/cgroup.events`;
    return { file: `${folder}/cgroup.freeze`, freeze: '1', thaw: '0', told, frozen: /^frozen 1$/m };
  }
  const mount = layout.mounts.get('freezer');
  if (mount === undefined) return undefined;
  const file = `${mount}${cgroup}/freezer.state`;
  return { file, freeze: 'FROZEN', thaw: 'THAWED', told: file, frozen: /^FROZEN$/m };
}

/**
 * Stops every process of a cgroup, such as `/boxlite/01ABC`; resolves once none runs any more. `EngineError` where the
 * host has no freezer, or when a process cannot be stopped within 10 s: then none is.
 */
export async function freeze(layout: CgroupLayout, cgroup: string): Promise<void> {
  const found = freezer(layout, cgroup);
  if (!found) throw new EngineError('this host mounts no freezer for cgroups, so boxes cannot be paused');
  const deadline = performance.now() + freezeMs;
  await writeFile(found.file, found.freeze, { flag: 'r+' });
  for (let waitMs = 1; !found.frozen.test(await readFile(found.told, 'utf8')); waitMs = Math.min(2 * waitMs, 50)) {
    if (performance.now() > deadline) {
      await thaw(layout, cgroup);
      throw new EngineError(`a process of ${cgroup} cannot be stopped now, perhaps as it waits for a disk; try again`);
    }
    await delay(waitMs);
  }
}

/** Lets the processes of a cgroup go on; one that is gone or not frozen is fine. */
export async function thaw(layout: CgroupLayout, cgroup: string): Promise<void> {
  const found = freezer(layout, cgroup);
  if (!found) return;
  try {
    await writeFile(found.file, found.thaw, { flag: 'r+' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENODEV')) return;
    throw error;
  }
}
