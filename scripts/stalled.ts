// What belongs to a test run, so that one that stands still can say in what, and be ended.
import { readdir, readFile } from 'node:fs/promises';
import process from 'node:process';

const text = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

/** Every other living process that was started with this in its environment, whoever its parent is by now. */
export async function processesWith(variable: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    if ((await text(`/proc/${name}/environ`)).split('\0').includes(variable)) found.push(Number(name));
  }
  return found;
}

/** A line about a process: its parent, its state, what it waits for in the kernel, and its command (proc(5)). */
export async function describeProcess(pid: number): Promise<string> {
  const [stat, wchan, command] = await Promise.all(
    ['stat', 'wchan', 'cmdline'].map((file) => text(`/proc/${pid}/${file}`)),
  );
  const [state, parent] = (stat ?? '').slice((stat ?? '').lastIndexOf(')') + 2).split(' ');
  return `${pid} (of ${parent}) ${state} ${wchan} ${(command ?? '').replaceAll('\0', ' ').slice(0, 300)}`;
}
