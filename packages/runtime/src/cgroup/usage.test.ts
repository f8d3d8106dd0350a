import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cgroupUsage } from './usage.ts';
import { readCgroupLayout } from './version.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'boxlite-cgroup-'));
});
afterEach(() => rm(root, { recursive: true }));

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

test('adds up the files of version 2', async () => {
  await write(`${root}/boxlite/A`, {
    'cpu.stat': 'usage_usec 2500000\nuser_usec 1\nsystem_usec 2\n',
    'memory.current': '5000\n',
    'memory.stat': 'anon 1\ninactive_anon 9\ninactive_file 1500\n',
    'memory.events': 'low 0\noom 4\noom_kill 3\noom_group_kill 0\n',
    'pids.current': '7\n',
  });
  expect(await cgroupUsage({ version: 2, root }, '/boxlite/A')).toEqual({
    cpuSeconds: 2.5,
    memoryBytes: 3500,
    oomKills: 3,
    processes: 7,
  });
});

test('adds up the files of version 1', async () => {
  await write(`${root}/memory/A`, {
    'memory.usage_in_bytes': '5000\n',
    'memory.stat': 'inactive_file 1\ntotal_inactive_file 1500\n',
    'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n',
  });
  await write(`${root}/cpuacct/A`, { 'cpuacct.usage': '2500000000\n' });
  await write(`${root}/pids/A`, { 'pids.current': '7\n' });
  const mounts = new Map(['memory', 'cpuacct', 'pids'].map((name) => [name, `${root}/${name}`]));
  expect(await cgroupUsage({ version: 1, mounts }, '/A')).toEqual({
    cpuSeconds: 2.5,
    memoryBytes: 3500,
    oomKills: 3,
    processes: 7,
  });
});

test('answers undefined for a cgroup that is gone', async () => {
  expect(await cgroupUsage({ version: 2, root }, '/gone')).toBeUndefined();
  const layout = await readCgroupLayout();
  expect(layout).toBeDefined();
  if (layout !== undefined) expect(await cgroupUsage(layout, '/boxlite/gone')).toBeUndefined();
});
