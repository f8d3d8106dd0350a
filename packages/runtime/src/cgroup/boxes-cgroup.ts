import { readFileSync } from 'node:fs';
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

async function enable(root: string, cgroup: string, beginning: string): Promise<void> {
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
        throw new EngineError(
          `the cgroup ${name} gives no ${off.join(' ').replaceAll('+', '')} to those below it, and ${file} cannot be written (${codeOf(error)}); let the unit above it have Delegate=cpu memory pids, for a user's own that is user@.service`,
          { cause: error },
        );
      // What starts a process at the same moment starts it here.
      if (name !== beginning || attempt === 3)
        throw new EngineError(
          `the cgroup ${name} has processes of its own, so boxes below it can have no limits; move them to one beside, or set BOXLITE_CGROUP to a cgroup without any`,
        );
      await stepAside(folder);
    }
  }
}

function ownCgroup(): string {
  return /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '';
}

/**
 * `$BOXLITE_CGROUP`, such as one that systemd has delegated. What begins with `./` is below the cgroup of this process,
 * where that has stepped aside below the cgroup that it began in. `EngineError` when it is no path of a cgroup. @default /boxlite
 */
export function boxesCgroupPath(given: string = process.env['BOXLITE_CGROUP'] || '/boxlite'): string {
  const began = ownCgroup()
    .replace(new RegExp(`/${own}$`), '')
    .replace(/^\/$/, '');
  const path = given.startsWith('./') ? `${began}${given.slice(1)}` : given;
  if (/^(\/(?!\.)[\w.@:\\-]{1,255})+$/.test(path)) return path;
  throw new EngineError(
    `BOXLITE_CGROUP: ${JSON.stringify(given)} is no path of a cgroup such as /boxlite, or ./boxes below this process's`,
  );
}

async function make(root: string, cgroup: string): Promise<void> {
  await mkdir(root + cgroup, { recursive: true }).catch((error: unknown) => {
    throw new EngineError(
      `the cgroup ${cgroup} cannot be made (${codeOf(error)}); set BOXLITE_CGROUP to one below a cgroup of this user's, as ./boxes is in a unit with Delegate=yes`,
      { cause: error },
    );
  });
}

/** The cgroup of boxes at a path that `boxesCgroupPath` gives. */
export function boxesCgroup(layout: CgroupLayout | undefined, path: string = boxesCgroupPath()): BoxesCgroup {
  let ready: Promise<void> | undefined;
  const prepare = async (root: string): Promise<void> => {
    const beginning = ownCgroup();
    const names = path.split('/');
    for (let depth = 1; depth <= names.length; depth += 1) {
      const cgroup = names.slice(0, depth).join('/');
      await make(root, cgroup);
      await enable(root, cgroup, beginning);
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
