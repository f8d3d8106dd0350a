import { readFile } from 'node:fs/promises';
import type { EngineUsage } from '../engine.ts';
import type { InitProcess } from '../init-process.ts';

async function statOf(pid: number): Promise<readonly string[] | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The command's name may hold anything, even ") ".
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** The machine that wrote this pid file, while it runs. */
export async function readMachine(pidFile: string): Promise<InitProcess | undefined> {
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  if (!(pid > 1)) return undefined;
  const fields = await statOf(pid);
  if (fields === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  // Another process may have the number by now. After the start time, which a kill is given: so both are of one process.
  const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  const named = command[command.indexOf('-pidfile') + 1] === pidFile;
  return named ? { pid, startTime: Number(fields[19]) } : undefined;
}

const ticksPerSecond = 100;
const pageBytes = 4096;

/** What a machine uses of the host: its own memory and what of its box's it has touched. */
export async function machineUsage(pid: number): Promise<EngineUsage | undefined> {
  const fields = await statOf(pid);
  if (fields === undefined) return undefined;
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    memoryBytes: Number(fields[21]) * pageBytes,
    oomKills: 0,
    processes: 1,
  };
}
