import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { type Box, Boxlite, type BoxOptions, InvalidArgumentError, type WarmOptions } from 'boxlite';
import { afterEach, beforeEach, expect, test } from 'vitest';

const image = 'boxlite/base:latest';
let homeDir: string;
let runtime: Boxlite | undefined;

beforeEach(async () => {
  homeDir = await mkdtemp(join(tmpdir(), 'boxlite-warm-'));
});
afterEach(async () => {
  await runtime?.shutdown();
  runtime = undefined;
  await rm(homeDir, { recursive: true });
});

/** A runtime whose pool is full. */
async function opened(...warm: readonly WarmOptions[]): Promise<Boxlite> {
  runtime = await Boxlite.local({ homeDir, warm });
  await full(runtime, warm);
  return runtime;
}

async function full(of: Boxlite, warm: readonly WarmOptions[]): Promise<void> {
  const wanted = warm.reduce((sum, { size }) => sum + size, 0);
  for (const end = Date.now() + 20_000; Date.now() < end; await delay(10))
    if ((await of.metrics()).numWarmBoxes === wanted) return;
  throw new Error(`not ${wanted} boxes are ready: ${(await of.metrics()).numWarmBoxes}`);
}

/** Ids of the boxes that are there on disk, asked for or not. */
const onDisk = (): Promise<string[]> => readdir(join(homeDir, 'boxes'));

/** PID 1 of a box on the host, as its engine noted it. */
async function processOf(id: string): Promise<number> {
  const state = JSON.parse(await readFile(join(homeDir, 'engine/runc', id, 'state.json'), 'utf8'));
  return Number(state.init_process_pid);
}

async function sayWho(box: Box): Promise<string> {
  return (await box.run('sh', ['-c', 'hostname; cat /etc/hostname; tail -n 1 /etc/hosts; pwd; echo "$A"'])).stdout;
}

test('hands over a box that was up before, with the name, environment and labels asked for', async () => {
  const box: BoxOptions = { image, memoryMib: 256, diskSizeGb: 1 };
  const warm = await opened({ size: 1, box });
  const [id = ''] = await onDisk();
  const pid = await processOf(id);
  expect(await warm.listInfo()).toEqual([]);
  const asked = { ...box, env: { A: 'b' }, workingDir: '/usr', labels: { of: 'me' }, autoRemove: false };
  const taken = await warm.create(asked, 'web.1');
  expect(await taken.info()).toMatchObject({ id, name: 'web.1', status: 'configured', labels: { of: 'me' } });
  expect(await taken.start()).toMatchObject({ status: 'running', pid });
  expect(await sayWho(taken)).toBe('web-1\nweb-1\n127.0.1.1\tweb-1\n/usr\nb\n');
  expect((await taken.run('df', ['-k', '/'])).stdout).toMatch(/ \d{6} /);
  // It is like any other from then on.
  await taken.stop();
  expect(await taken.start()).toMatchObject({ status: 'running' });
  expect(await sayWho(taken)).toContain('web-1\nweb-1\n');
});

test('a box that asks for something else starts cold, and one of a size of its own comes from its own shelf', async () => {
  const warm = await opened({ size: 1, box: { image } }, { size: 1, box: { image, memoryMib: 256, network: 'none' } });
  const ready = await onDisk();
  const cold = await warm.create({ image, memoryMib: 128 });
  expect(ready).not.toContain(cold.id);
  const other = await warm.create({ image, memoryMib: 256, network: 'none' });
  expect(ready).toContain(other.id);
  expect((await other.run('ls', ['/sys/class/net'])).stdout.trim()).toBe('lo');
});

test('makes another for one that is taken, and for one that ends before it is', async () => {
  const warm = [{ size: 2, box: { image } }];
  const taken = await (await opened(...warm)).create({ image });
  expect((await taken.run('echo', ['mine'])).stdout).toBe('mine\n');
  if (!runtime) throw new Error('it is open');
  await full(runtime, warm);
  const [victim = ''] = (await onDisk()).filter((id) => id !== taken.id);
  process.kill(await processOf(victim), 'SIGKILL');
  for (const end = Date.now() + 10_000; Date.now() < end && (await onDisk()).includes(victim); ) await delay(10);
  await full(runtime, warm);
  expect(await onDisk()).not.toContain(victim);
});

test('a box that ends between being taken and being started is started anew', async () => {
  const box = await (await opened({ size: 1, box: { image } })).create({ image }, 'fragile');
  const pid = await processOf(box.id);
  process.kill(pid, 'SIGKILL');
  // Until it has ended, so that it is not a box that ends in the middle of a command.
  const state = (): Promise<string> => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  while (!/\) [ZX]/.test(await state())) await delay(5);
  expect(await sayWho(box)).toContain('fragile\nfragile\n');
});

test('a box that is killed before it is taken is never seen: another takes its place', async () => {
  const warm = await opened({ size: 2, box: { image } });
  const killed = await onDisk();
  const pids = await Promise.all(killed.map(processOf));
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  // Nothing has had the time to notice it.
  const boxes = await Promise.all([warm.create({ image }), warm.create({ image })]);
  for (const box of boxes) expect((await box.run('echo', ['fine'])).stdout).toBe('fine\n');
});

test('a box whose network is killed before it is taken has one when it is started', async () => {
  const warm = await opened({ size: 1, box: { image } });
  const [id = ''] = await onDisk();
  const note = await readFile(join(homeDir, 'boxes', id, 'network.json'), 'utf8');
  process.kill(Number(note.split(' ')[0]), 'SIGKILL');
  const box = await warm.create({ image });
  await box.run('true', []);
  expect((await box.metrics()).networkBytesSent).toBe(0);
});

test('boxes that end before anyone takes them are made again ever later, and it is told why', async () => {
  const warm = await opened({ size: 1, box: { image } });
  const pauses: number[] = [];
  for (let deaths = 1; deaths <= 2; deaths++) {
    const [id = ''] = await onDisk();
    process.kill(await processOf(id), 'SIGKILL');
    const died = performance.now();
    while ((await warm.metrics()).warmFailuresTotal < deaths) await delay(5);
    await full(warm, [{ size: 1 }]);
    pauses.push(performance.now() - died);
    const { lastWarmFailure, warmFailuresTotal } = await warm.metrics();
    expect(warmFailuresTotal).toBe(deaths);
    expect(lastWarmFailure?.message).toContain(`warm[0]: box ${id} ended before anyone took it`);
  }
  const [first = 0, second = 0] = pauses;
  expect(first).toBeGreaterThan(500);
  expect(second).toBeGreaterThan(1000);
});

test('what is done to the disk of a box that was never started is done to a disk that nobody uses', async () => {
  const warm = await opened({ size: 1, box: { image, diskSizeGb: 1 } });
  const box = await warm.create({ image, diskSizeGb: 1, autoRemove: false });
  const snapshot = await box.snapshots.create('empty');
  await box.run('sh', ['-c', 'echo later > /root/file']);
  await box.stop();
  await box.snapshots.restore(snapshot.name);
  expect((await box.run('ls', ['/root'])).stdout).toBe('');
});

test('ends what nobody took, taken but not started boxes too, when the runtime is shut down', async () => {
  const warm = await opened({ size: 2, box: { image, detach: true, autoRemove: false } });
  const kept = await warm.create({ image, detach: true, autoRemove: false }, 'kept');
  const pid = await processOf(kept.id);
  await warm.shutdown();
  expect(await onDisk()).toEqual([kept.id]);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  runtime = await Boxlite.local({ homeDir });
  const [again] = await runtime.listInfo();
  expect(again).toMatchObject({ id: kept.id, status: 'configured' });
});

test('refuses what cannot be kept ready, by its name', async () => {
  const open = (one: WarmOptions): Promise<unknown> => Boxlite.local({ homeDir, warm: [one] });
  await expect(open({ size: 1001 })).rejects.toThrow(InvalidArgumentError);
  await expect(open({ size: -1 })).rejects.toThrow('warm[0].size');
  await expect(open({ size: 1, box: { image, memoryMib: 1 } })).rejects.toThrow('memoryMib');
  await expect(open({ size: 1, box: { image, ports: [{ guestPort: 1 }] } })).rejects.toThrow('warm[0].box.ports');
  await expect(open({ size: 1, box: { volumes: [{ hostPath: '/tmp', guestPath: '/x' }] } })).rejects.toThrow(
    'warm[0].box.volumes',
  );
});

test('an image that is not there yet is waited for without harm to anyone else', async () => {
  const warned = once(process, 'warning');
  runtime = await Boxlite.local({ homeDir, warm: [{ size: 1, box: { image: '127.0.0.1:1/nowhere:1' } }] });
  const box = await runtime.create({ image });
  expect((await box.run('echo', ['fine'])).stdout).toBe('fine\n');
  expect((await warned)[0]).toMatchObject({ name: 'BoxliteWarning', message: expect.stringContaining('nowhere') });
  const { numWarmBoxes, warmFailuresTotal, lastWarmFailure } = await runtime.metrics();
  expect(numWarmBoxes).toBe(0);
  expect(warmFailuresTotal).toBeGreaterThan(0);
  expect(lastWarmFailure?.message).toMatch(/^warm\[0\]: .*nowhere/);
});
