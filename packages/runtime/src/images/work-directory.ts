import { mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A process's own folder for what is unfinished. */
export interface WorkDirectory {
  /** Runs a task with an empty folder of its own, which is removed after it, whatever happens. */
  use<T>(task: (directory: string) => Promise<T>): Promise<T>;
  /** Absolute. */
  readonly path: string;
  /** True when no other living process works in the same parent. */
  alone(): Promise<boolean>;
  remove(): Promise<void>;
}

/**
 * Makes this process's folder below `parent`, and removes those of processes that are gone; before that, `salvage` may
 * take from the folder of each task that they had under way.
 */
export async function workDirectory(
  parent: string,
  removeTree: (path: string) => Promise<void>,
  salvage: (directory: string) => Promise<void> = async () => {},
): Promise<WorkDirectory> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  for (const name of await readdir(parent)) {
    if (await lives(name)) continue;
    const tasks = await readdir(join(parent, name)).catch(() => []);
    for (const task of tasks) await salvage(join(parent, name, task));
    await removeTree(join(parent, name));
  }
  const own = await mkdtemp(join(parent, `${process.pid}.${await startTime(String(process.pid))}.`));
  return {
    path: own,
    async alone() {
      for (const name of await readdir(parent)) {
        if (!name.startsWith(`${process.pid}.`) && (await lives(name))) return false;
      }
      return true;
    },
    async use(task) {
      const directory = await mkdtemp(join(own, 'work-'));
      try {
        return await task(directory);
      } finally {
        await removeTree(directory);
      }
    },
    remove: () => removeTree(own),
  };
}

/** True while the process that a folder is named for runs. */
async function lives(name: string): Promise<boolean> {
  const [pid = '', started = ''] = name.split('.');
  return started !== '' && (await startTime(pid)) === started;
}

/** When a process that is not over started, in clock ticks since boot: a process id alone may be another's by now. */
async function startTime(pid: string): Promise<string> {
  if (!/^[0-9]+$/.test(pid)) return '';
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // One that was killed stays there as a zombie until its parent asks for it, which a supervisor may never do.
  return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '');
}
