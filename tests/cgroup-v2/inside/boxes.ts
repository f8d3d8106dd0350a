import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
// Loaded with the file, not when it is first used: then vitest can keep what it makes of it.
import '@boxlite/runtime';
import { type Box, Boxlite } from 'boxlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Representatives: more with `node tests/cgroup-v2/run.ts tests/contract` (docs/decisions/0011-cgroup-v2.md has the counts).
const image = 'boxlite/base:latest';

function cgroupOf({ id }: Box): string {
  return `/sys/fs/cgroup/boxlite/${id}`;
}

function read(path: string): string {
  return readFileSync(path, 'utf8').trim();
}

let homeDir: string;
beforeAll(async () => {
  homeDir = await mkdtemp(join(tmpdir(), 'boxlite-v2-'));
  const made = process.env['MADE_HOME'];
  if (made !== undefined) await promisify(execFile)('cp', ['-a', `${made}/.`, homeDir]);
});
afterAll(() => rm(homeDir, { recursive: true }));

describe.each(['runc', 'crun'])('on %s', (engine) => {
  let runtime: Boxlite;
  let box: Box;

  beforeAll(async () => {
    runtime = await Boxlite.local({ homeDir, engine });
    box = await runtime.create(
      { image, cpus: 1, memoryMib: 128, processes: 32, autoRemove: false, detach: true },
      'box',
    );
    await box.start();
  });
  afterAll(() => runtime.shutdown());

  test('the limits of a box are those of its cgroup', () => {
    const limits = ['cpu.max', 'memory.max', 'memory.swap.max', 'pids.max'].map((name) =>
      read(`${cgroupOf(box)}/${name}`),
    );
    expect(limits).toEqual(['100000 100000', String(128 * 1024 ** 2), '0', '32']);
  });

  test('a command that is out of memory says so, and its box goes on', async () => {
    const execution = await box.exec('dd', ['if=/dev/zero', 'of=/dev/null', 'bs=200M', 'count=1']);
    expect(await execution.wait()).toMatchObject({ exitCode: 137 });
    expect((await execution.status()).errorMessage).toMatch(/out of memory/);
    expect((await box.run('echo', ['alive'])).stdout).toBe('alive\n');
  });

  test('no more processes start than the box may have', async () => {
    const many = 'i=0; while [ $i -lt 40 ]; do i=$((i+1)); sleep 50 & done';
    expect((await box.run('sh', ['-c', many])).stderr).toMatch(/fork/);
  });

  test('a paused box is frozen, and goes on when it is used', async () => {
    await box.pause();
    expect(read(`${cgroupOf(box)}/cgroup.freeze`)).toBe('1');
    expect(read(`${cgroupOf(box)}/cgroup.events`)).toContain('frozen 1');
    expect((await box.run('echo', ['thawed'])).stdout).toBe('thawed\n');
    expect(read(`${cgroupOf(box)}/cgroup.events`)).toContain('frozen 0');
  });

  test('metrics are those of the cgroup', async () => {
    const { memoryBytes } = await box.metrics();
    expect(memoryBytes).toBeGreaterThan(0);
    expect(memoryBytes).toBeLessThan(128 * 1024 ** 2);
    await expect.poll(async () => (await box.metrics()).cpuPercent).toBeGreaterThanOrEqual(0);
  });

  test('a box sees its own cgroup as the only one, and cannot change it', async () => {
    expect((await box.run('cat', ['/proc/self/cgroup'])).stdout).toBe('0::/\n');
    const attempts = [
      'echo max > memory.max',
      'echo 1 > cgroup.freeze',
      'echo 1 > cgroup.kill',
      'echo +cpu > cgroup.subtree_control',
      'mkdir below',
      'echo 0 > ../cgroup.procs',
    ];
    for (const attempt of attempts)
      expect((await box.run('sh', ['-c', `cd /sys/fs/cgroup && ${attempt}`])).exitCode, attempt).not.toBe(0);
  });

  test('a box that runs is taken up by a runtime that has chosen the other engine', async () => {
    const { pid } = await box.info();
    await runtime.shutdown();
    runtime = await Boxlite.local({ homeDir, engine: engine === 'runc' ? 'crun' : 'runc' });
    const again = await runtime.get('box');
    if (again === null) throw new Error('the box is gone');
    box = again;
    expect((await box.info()).pid).toBe(pid);
    expect((await box.run('echo', ['still here'])).stdout).toBe('still here\n');
  });

  test('a paused box can be removed by force, and leaves no cgroup', async () => {
    await box.pause();
    await runtime.remove(box.id, { force: true });
    expect(existsSync(cgroupOf(box))).toBe(false);
    expect(['runc', 'crun'].flatMap((name) => readdirSync(join(homeDir, 'engine', name)))).toEqual([]);
  });
});

test('in a cgroup that systemd delegates, the runtime steps aside and the boxes are beside it', async () => {
  const service = /^0::(.*)$/m.exec(read('/proc/self/cgroup'))?.[1];
  process.env['BOXLITE_CGROUP'] = `${service}/boxes`;
  const runtime = await Boxlite.local({ homeDir });
  const box = await runtime.create({ image });
  await box.start();
  expect(read(`/proc/${(await box.info()).pid}/cgroup`)).toBe(`0::${service}/boxes/${box.id}`);
  expect(read('/proc/self/cgroup')).toBe(`0::${service}/runtime`);
  await runtime.shutdown();
  expect(existsSync(`/sys/fs/cgroup${service}/boxes/${box.id}`)).toBe(false);
});
