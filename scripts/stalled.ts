// Says what a stalled test run stands in: the processes below it, and the JavaScript that its Node processes are in.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

/** A process below another, as /proc tells (proc_pid_stat(5)). */
export interface Descendant {
  readonly pid: number;
  readonly parent: number;
  /** `R`, `S`, `D`, `T` and so on. */
  readonly state: string;
  readonly command: string;
}

const text = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

/** Every living process below `root`, parents first; without `root` itself. */
export async function descendants(root: number): Promise<readonly Descendant[]> {
  const all: Descendant[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await text(`/proc/${name}/stat`);
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const command = (await text(`/proc/${name}/cmdline`)).replaceAll('\0', ' ').trim();
    if (parent) all.push({ pid: Number(name), parent: Number(parent), state, command });
  }
  const found: Descendant[] = [];
  for (let parents = [root]; parents.length > 0; ) {
    const next = all.filter(({ parent }) => parents.includes(parent));
    found.push(...next);
    parents = next.map(({ pid }) => pid);
  }
  return found;
}

/** A line for each process below `root`, with what the kernel says of it, and the stacks that Node processes report. */
export async function describeStalled(root: number, reports: string): Promise<string> {
  const lines: string[] = [];
  const processes = await descendants(root);
  for (const { pid, parent, state, command } of processes) {
    const [wchan, call] = await Promise.all([text(`/proc/${pid}/wchan`), text(`/proc/${pid}/syscall`)]);
    lines.push(`${pid} (of ${parent}) ${state} ${wchan} [${call.trim()}] ${command.slice(0, 300)}`);
    // Where --report-on-signal was given Node writes a report; others would be killed by it.
    if (command.includes('--report-on-signal')) process.kill(pid, 'SIGUSR2');
  }
  await delay(3000);
  for (const name of await readdir(reports).catch(() => [])) {
    if (!name.startsWith('report.')) continue;
    try {
      const { header, javascriptStack, libuv } = JSON.parse(await text(join(reports, name))) as {
        readonly header: { readonly processId: number };
        readonly javascriptStack?: { readonly message?: string; readonly stack?: readonly string[] };
        readonly libuv?: readonly { readonly type: string; readonly is_active: boolean }[];
      };
      const active = (libuv ?? []).filter((handle) => handle.is_active).map((handle) => handle.type);
      lines.push(`JavaScript of ${header.processId}: ${javascriptStack?.message ?? ''}`);
      lines.push(...(javascriptStack?.stack ?? []).map((line) => `  ${line}`), `  waits for: ${active.join(' ')}`);
    } catch {
      lines.push(`no report could be read from ${name}`);
    }
  }
  return lines.join('\n');
}
