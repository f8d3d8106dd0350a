import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Boxlite, OutputTruncatedError } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { baseImage, until } from '../survival/harness.ts';
import { besideBomb } from './neighbour.ts';

let home: string;
let runtime: Boxlite;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'boxlite-limits-'));
  runtime = await Boxlite.local({ homeDir: home });
});
afterAll(async () => {
  await runtime.shutdown();
  await rm(home, { recursive: true, force: true });
});

test('a fork bomb gets no more processes than its box allows, and ends with a KILL', async () => {
  const box = await runtime.create({ image: baseImage, processes: 64 });
  const limit = await box.run('sh', ['-c', 'cd /sys/fs/cgroup; cat pids/pids.max 2>/dev/null || cat pids.max']);
  expect(limit.stdout).toBe('64\n');
  const bomb = await box.exec('sh', ['-c', 'f() { f | f & f; }; f 2>/dev/null'], { stdin: '' });
  await besideBomb(runtime, box);
  await bomb.kill();
  await bomb.wait();
  // The last of its processes may take a moment to be gone.
  await until(
    'the box takes commands again',
    async () => (await box.run('true').catch(() => undefined))?.exitCode === 0,
  );
  await box.stop({ timeoutMs: 0 });
});

test('loops on every processor take nothing from a neighbour, and end with a KILL', async () => {
  const box = await runtime.create({ image: baseImage, cpus: 1 });
  const loops = await box.exec('sh', ['-c', 'for i in 1 2 3 4; do while :; do :; done & done; wait'], { stdin: '' });
  await besideBomb(runtime, box);
  await loops.kill();
  expect((await loops.wait()).signal).toBe('SIGKILL');
  expect((await box.run('echo', ['alive'])).stdout).toBe('alive\n');
  await box.stop({ timeoutMs: 0 });
});

test('a memory bomb ends by itself and says why; its box goes on', async () => {
  const box = await runtime.create({ image: baseImage, memoryMib: 128 });
  const bombs = await box.exec('sh', ['-c', 'while :; do sh -c "a=x; while :; do a=\\$a\\$a; done"; done'], {
    stdin: '',
  });
  await besideBomb(runtime, box);
  await bombs.kill();
  const one = await box.exec('sh', ['-c', 'a=x; while :; do a=$a$a; done']);
  expect(await one.wait()).toMatchObject({ exitCode: 137 });
  expect((await one.status()).errorMessage).toMatch(/out of memory/);
  expect((await box.run('echo', ['alive'])).stdout).toBe('alive\n');
  await box.stop({ timeoutMs: 0 });
});

test('a full disk is "no space left" in the box, and nothing outside', async () => {
  const box = await runtime.create({ image: baseImage, diskSizeGb: 1 });
  await box.start();
  const free = async (): Promise<number> => {
    const { bavail, bsize } = await statfs(home);
    return bavail * bsize;
  };
  const before = await free();
  const again = 'while :; do dd if=/dev/zero of=/root/full bs=1M count=4096 2>/dev/null; done';
  const bomb = await box.exec('sh', ['-c', again], { stdin: '' });
  await besideBomb(runtime, box);
  await bomb.kill();
  const last = await box.run('dd', ['if=/dev/zero', 'of=/root/full', 'bs=1M', 'count=4096']);
  expect([last.exitCode, last.stderr]).toEqual([1, expect.stringMatching(/No space left on device/)]);
  // Without a limit it would be the 4 GiB of one dd; the rest is for what others write there meanwhile.
  expect(before - (await free())).toBeLessThan(3.5 * 1024 ** 3);
  expect((await box.run('sh', ['-c', 'rm /root/full; echo room > /root/note; cat /root/note'])).stdout).toBe('room\n');
  await box.stop({ timeoutMs: 0 });
});

test('a process that opens files without end gets no more than its box allows, and cannot raise that', async () => {
  const box = await runtime.create({ image: baseImage, openFiles: 64 });
  await box.run('sh', ['-c', 'cd /root; i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo $i > f$i; done']);
  const again = 'cd /root; while :; do tail -n1 f* > /dev/null 2>&1; done';
  const bomb = await box.exec('sh', ['-c', again], { stdin: '' });
  await besideBomb(runtime, box);
  await bomb.kill();
  expect((await box.run('sh', ['-c', 'ulimit -n; ulimit -Hn; ulimit -n 65'])).stdout).toBe('64\n64\n');
  expect((await box.run('sh', ['-c', 'cd /root; tail -n1 f*'])).stderr).toMatch(/Too many open files/);
  await box.stop({ timeoutMs: 0 });
});

test('a flood of output is cut at its limit, and tells its readers so', async () => {
  const box = await runtime.create({ image: baseImage, outputLimitBytes: 4 * 1024 * 1024 });
  const flood = await box.exec('cat', ['/dev/zero'], { stdin: '' });
  await besideBomb(runtime, box);
  let bytes = 0;
  const read = (async () => {
    for await (const { data } of flood.output()) bytes += data.length;
  })();
  await expect(read).rejects.toThrow(OutputTruncatedError);
  expect(bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  expect(bytes).toBeGreaterThan(3 * 1024 * 1024);
  expect((await flood.status()).status).toBe('running');
  await flood.kill();
  await box.stop({ timeoutMs: 0 });
});
