import { readFileSync } from 'node:fs';
import { EngineError } from 'boxlite/backend';
import type { ContainerRuntime } from './container-runtime.ts';

/** A process and what tells it from a later one with the same id. */
export interface InitProcess {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTime: number;
}

// Of /proc, or a few kilobytes that were written just now: a thread for them would take longer.
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined;
    throw error;
  }
}

/** The PID 1 that a runtime noted in its folder for a container; undefined when it knows none. */
export async function readInitProcess(
  folder: string,
  { name, state }: ContainerRuntime,
): Promise<InitProcess | undefined> {
  const path = `${folder}/${state.file}`;
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  let noted: unknown;
  try {
    noted = JSON.parse(text);
  } catch (cause) {
    throw new EngineError(`${path} is not JSON; remove the box`, { cause });
  }
  if (typeof noted !== 'object' || noted === null)
    throw new EngineError(`${path} is no state of ${name}; remove the box`);
  const fields = new Map<string, unknown>(Object.entries(noted));
  const pid = fields.get(state.pid);
  const startTime = fields.get(state.startTime);
  if (typeof pid !== 'number' || typeof startTime !== 'number')
    throw new EngineError(`${path} names no process; remove the box`);
  return { pid, startTime };
}

function statFields(text: string): readonly string[] {
  // The command's name may hold anything, even ") ".
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** When a process began, in clock ticks since boot. `EngineError` when it is gone. */
export async function readStartTime(pid: number): Promise<number> {
  const text = readIfThere(`/proc/${pid}/stat`);
  const startTime = text === undefined ? Number.NaN : Number(statFields(text)[19]);
  if (Number.isNaN(startTime)) throw new EngineError(`process ${pid} of the box ended at once; see its log`);
  return startTime;
}

/** Whether it still runs: same start time, and more than a zombie. */
export async function isRunning({ pid, startTime }: InitProcess): Promise<boolean> {
  const text = readIfThere(`/proc/${pid}/stat`);
  if (text === undefined) return false;
  const fields = statFields(text);
  return fields[0] !== 'Z' && fields[0] !== 'X' && Number(fields[19]) === startTime;
}
