import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { EngineError } from 'boxlite/backend';
import type { CgroupLayout } from './version.ts';

/** The cgroup that those of boxes are below, the same path in every hierarchy. */
export interface BoxesCgroup {
  of(id: string): string;
  /** Makes it ready to hold boxes with limits. `EngineError` that says which cgroup is in the way, and what helps. */
  prepare(): Promise<void>;
}

const controllers = ['cpu', 'memory', 'pids'];
const own = 'runtime';

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

// This process's cgroup has processes, so that no cgroup below it could have limits: they go to one beside the boxes.
async function stepAside(folder: string): Promise<void> {
  await mkdir(`${folder}/${own}`, { recursive: true });
  for (const pid of (await readFile(`${folder}/cgroup.procs`, 'utf8')).split('\n')) {
    if (pid === '') continue;
    await writeFile(`${folder}/${own}/cgroup.procs`, pid).catch((error: unknown) => {
      // It has ended meanwhile.
      if (codeOf(error) !== 'ESRCH') throw error;
    });
  }
}

async function enable(root: string, cgroup: string, ownCgroup: string): Promise<void> {
  const folder = root + cgroup;
  const name = cgroup === '' ? '/' : cgroup;
  const file = `${folder}/cgroup.subtree_control`;
  const there = (await readFile(`${folder}/cgroup.controllers`, 'utf8')).trim().split(' ');
  const missing = controllers.filter((each) => !there.includes(each));
  if (missing.length > 0)
    throw new EngineError(
      `the cgroup ${name} has no controller ${missing.join(', ')}, so boxes below it have no limits; let the cgroup above it give them, as systemd does for a service with Delegate=yes`,
    );
  const on = (await readFile(file, 'utf8')).trim().split(' ');
  const off = controllers.filter((each) => !on.includes(each)).map((each) => `+${each}`);
  if (off.length === 0) return;
  for (let attempt = 0; ; attempt += 1) {
    try {
      await writeFile(file, off.join(' '));
      return;
    } catch (error) {
      if (codeOf(error) !== 'EBUSY')
        throw new EngineError(`${file} cannot be written: ${codeOf(error)}`, { cause: error });
      // What starts a process at the same moment starts it here.
      if (name !== ownCgroup || attempt === 3)
        throw new EngineError(
          `the cgroup ${name} has processes of its own, so boxes below it can have no limits; move them to one beside, or set BOXLITE_CGROUP to a cgroup without any`,
        );
      await stepAside(folder);
    }
  }
}

/** `$BOXLITE_CGROUP`, such as one that systemd has delegated. `EngineError` when it is no path of a cgroup. @default /boxlite */
export function boxesCgroup(
  layout: CgroupLayout | undefined,
  path: string = process.env['BOXLITE_CGROUP'] ?? '/boxlite',
): BoxesCgroup {
  if (!/^(\/(?!\.)[\w.@:\\-]{1,255})+$/.test(path))
    throw new EngineError(`BOXLITE_CGROUP: ${JSON.stringify(path)} is no path of a cgroup such as /boxlite`);
  let ready: Promise<void> | undefined;
  const prepare = async (root: string): Promise<void> => {
    const ownCgroup = /^0::(.*)$/m.exec(await readFile('/proc/self/cgroup', 'utf8'))?.[1] ?? '';
    const names = path.split('/');
    for (let depth = 1; depth <= names.length; depth += 1) {
      const cgroup = names.slice(0, depth).join('/');
      await mkdir(root + cgroup, { recursive: true });
      await enable(root, cgroup, ownCgroup);
    }
  };
  return {
    of: (id) => `${path}/${id}`,
    prepare() {
      // Programs that run containers do this for version 1, which has no such rules.
      if (layout?.version !== 2) return Promise.resolve();
      ready ??= prepare(layout.root);
      ready.catch(() => {
        ready = undefined;
      });
      return ready;
    },
  };
}
