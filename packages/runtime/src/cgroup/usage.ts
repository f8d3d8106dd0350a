import { readFile } from 'node:fs/promises';
import type { EngineUsage } from '../engine/engine.ts';
import type { CgroupLayout } from './version.ts';

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    // ENODEV: the cgroup went away between open and read.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENODEV'))
      return undefined;
    throw error;
  }
}

function field(text: string | undefined, name: string): number {
  const line = text?.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}

async function usageV1(mounts: ReadonlyMap<string, string>, cgroup: string): Promise<EngineUsage | undefined> {
  const file = (controller: string, name: string): Promise<string | undefined> => {
    const mount = mounts.get(controller);
    return mount === undefined ? Promise.resolve(undefined) : read(`${mount}${cgroup}/${name}`);
  };
  const [cpu, memory, stat, oom, pids] = await Promise.all([
    file('cpuacct', 'cpuacct.usage'),
    file('memory', 'memory.usage_in_bytes'),
    file('memory', 'memory.stat'),
    file('memory', 'memory.oom_control'),
    file('pids', 'pids.current'),
  ]);
  if (memory === undefined) return undefined;
  return {
    cpuSeconds: Number(cpu ?? 0) / 1e9,
    memoryBytes: Math.max(0, Number(memory) - field(stat, 'total_inactive_file')),
    oomKills: field(oom, 'oom_kill'),
    processes: Number(pids ?? 0),
  };
}

async function usageV2(root: string, cgroup: string): Promise<EngineUsage | undefined> {
  const file = (name: string): Promise<string | undefined> => read(`${root}${cgroup}/${name}`);
  const [cpu, memory, stat, events, pids] = await Promise.all(
    ['cpu.stat', 'memory.current', 'memory.stat', 'memory.events', 'pids.current'].map(file),
  );
  if (cpu === undefined) return undefined;
  return {
    cpuSeconds: field(cpu, 'usage_usec') / 1e6,
    memoryBytes: Math.max(0, Number(memory ?? 0) - field(stat, 'inactive_file')),
    oomKills: field(events, 'oom_kill'),
    processes: Number(pids ?? 0),
  };
}

/** Counters of a cgroup, such as `/boxlite/01ABC`, from its files; memory is without the page cache that could go. Undefined when it is gone. */
export function cgroupUsage(layout: CgroupLayout, cgroup: string): Promise<EngineUsage | undefined> {
  return layout.version === 1 ? usageV1(layout.mounts, cgroup) : usageV2(layout.root, cgroup);
}
