import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { readCgroupLayout } from '../cgroup/version.ts';
import { buildGuestBinary } from '../host/guest-binary.fixture.ts';
import { type Host, openHost } from '../host/host.ts';
import { boxAt, engineAt, engineName, makeBusyboxLayer, runInside, tracesOf } from './box.fixture.ts';
import type { Engine, EngineBox } from './engine.ts';
import { probeSource } from './seccomp-probe.fixture.ts';

let binary: string;
let home: string;
let host: Host;
let engine: Engine;
let id: string;
let serial = 0;
const started = new Set<EngineBox>();

beforeAll(async () => {
  binary = await buildGuestBinary();
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'boxlite-engine-'));
  id = `TEST${process.pid}N${serial++}`;
  await makeBusyboxLayer(`${home}/layer`);
  host = await openHost({ binary, lockPath: `${home}/lock` });
  engine = await engineAt(home, host, binary);
});
afterEach(async () => {
  for (const box of started) {
    await engine.kill(box);
    await engine.release(box);
  }
  started.clear();
  await host.close();
  await rm(home, { recursive: true });
});

async function start(more: Partial<EngineBox> = {}): Promise<{ readonly box: EngineBox; readonly pid: number }> {
  const box = boxAt(home, id, more);
  started.add(box);
  const { pid } = await engine.start(box);
  return { box, pid };
}

const inside = (script: string) => runInside(home, host, id, script);

async function firstFrameType(box: EngineBox): Promise<number | undefined> {
  const folder = await open(box.folder);
  try {
    const client = connect(`/proc/self/fd/${folder.fd}/guest.sock`);
    const [bytes] = await once(client, 'data');
    client.destroy();
    return Buffer.isBuffer(bytes) ? bytes[8] : undefined;
  } finally {
    await folder.close();
  }
}

test('starts a box whose guest says hello on its socket, however long the path is', async () => {
  const { box } = await start({
    folder: `${home}/boxes/${'x'.repeat(120)}`,
    socketPath: `${home}/boxes/${'x'.repeat(120)}/guest.sock`,
  });
  expect(box.socketPath.length).toBeGreaterThan(108);
  expect(await firstFrameType(box)).toBe(65);
});

test('leaves nothing behind after kill and release, and the disk until destroy', async () => {
  const { box, pid } = await start();
  expect(await engine.pid(box)).toBe(pid);
  expect((await tracesOf(home, box)).length).toBeGreaterThan(2);
  expect((await inside('echo kept > /file')).exitCode).toBe(0);
  await engine.kill(box);
  await engine.release(box);
  await expect.poll(() => tracesOf(home, box)).toEqual([]);
  expect(await engine.pid(box)).toBeUndefined();
  expect(await engine.usage(id)).toBeUndefined();
  await engine.kill(box);
  await engine.release(box);
  await engine.start(box);
  expect((await inside('cat /file')).stdout).toBe('kept\n');
  await engine.kill(box);
  await engine.release(box);
  await engine.destroy(box);
  await engine.destroy(box);
  expect(await readdir(box.folder)).toEqual(['guest.sock']);
});

test('refuses to start a box that runs', async () => {
  const { box } = await start();
  await expect(engine.start(box)).rejects.toThrow('is already running');
  expect(await engine.pid(box)).toBeDefined();
});

test('undoes everything when a box cannot be started, and says why', async () => {
  await writeFile(`${home}/not-a-folder`, '');
  const volumes = [{ hostPath: home, guestPath: '/bin/busybox/below' }];
  await expect(start({ volumes })).rejects.toThrow(new RegExp(`${engineName} cannot start box .*not a directory`, 'i'));
  await expect.poll(() => tracesOf(home, boxAt(home, id))).toEqual([]);
  expect(await readdir(`${home}/boxes/${id}`)).toEqual(['guest.sock']);
  await expect(start({ volumes: [{ hostPath: `${home}/not-a-folder`, guestPath: '/v' }] })).rejects.toThrow(
    'no directory',
  );
  await expect(start({ volumes: [{ hostPath: home, guestPath: '/x/../proc' }] })).rejects.toThrow(
    'choose another path',
  );
  await expect(start({ rootfs: { layers: [`${home}/missing`] } })).rejects.toThrow(`open ${home}/missing`);
  await expect(start({ id: '../x' })).rejects.toThrow('unfit box id');
  started.clear();
});

test('confines PID 1 and everything in the box', async () => {
  const { pid } = await start();
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
  expect(status).toMatch(/^Seccomp:\s+2$/m);
  expect(status).toMatch(/^CapEff:\s+00000000800005fb$/m);
  expect(status).toMatch(/^CapBnd:\s+00000000800005fb$/m);
  const attempts = [
    'unshare -U true',
    'unshare -m true',
    'mount -t tmpfs none /tmp',
    'echo x > /proc/sys/kernel/hostname',
    'echo x > /sys/kernel/uevent_helper',
    'echo x > /etc/hosts',
    'echo x > /.boxlite/guest',
    'test -n "$(head -c 1 /proc/kcore)"',
    'dd if=/dev/vda of=/dev/null count=1',
    'busybox mknod /disk b 254 0 && cat /disk',
  ];
  for (const attempt of attempts) expect((await inside(attempt)).exitCode, attempt).not.toBe(0);
  expect((await inside('ls /proc/self/fd; id -u; cat /proc/net/dev | busybox tail -n +3 | busybox wc -l')).stdout).toBe(
    '0\n1\n2\n3\n0\n1\n',
  );
  expect((await inside('echo works > /tmp/x && echo works > /dev/shm/x && echo works > /dev/null')).exitCode).toBe(0);
});

test('answers what a box has no business with: EPERM, or ENOSYS where programs fall back', async () => {
  const source = `${home}/probe.c`;
  await writeFile(source, probeSource);
  await promisify(execFile)('musl-gcc', ['-static', '-w', '-o', `${home}/layer/bin/probe`, source]);
  await start();
  const { stdout } = await inside('probe');
  const answers = Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  );
  const denied = ['bpf', 'io_uring', 'keyctl', 'userfaultfd', 'perf', 'unshare_user', 'clone_user', 'vsock', 'alg'];
  for (const name of [...denied, 'mount', 'setns', 'fsopen', 'open_tree']) expect(answers[name], name).toBe('EPERM');
  expect(answers['clone3']).toBe('ENOSYS');
  for (const name of ['getrandom', 'unshare_files', 'fork', 'inet', 'netlink']) expect(answers[name], name).toBe('0');
});

test.each(['development', 'maximum'] as const)('starts a box with security %s', async (security) => {
  await start({ security });
  expect((await inside('echo ok')).stdout).toBe('ok\n');
  expect((await inside('unshare -U true')).exitCode).not.toBe(0);
});

test('limits memory, processor and processes, and counts their use', async () => {
  await start({ memoryMib: 64, cpus: 0.5 });
  const layout = await readCgroupLayout();
  expect(layout).toBeDefined();
  if (layout?.version === 1) {
    const value = async (controller: string, file: string) =>
      Number(await readFile(`${layout.mounts.get(controller)}/boxlite/${id}/${file}`, 'utf8'));
    expect(await value('memory', 'memory.limit_in_bytes')).toBe(64 * 1024 * 1024);
    expect(await value('cpu', 'cpu.cfs_quota_us')).toBe(50_000);
    expect(await value('pids', 'pids.max')).toBe(4096);
  } else {
    const value = async (file: string) => (await readFile(`${layout?.root}/boxlite/${id}/${file}`, 'utf8')).trim();
    expect(await value('memory.max')).toBe(String(64 * 1024 * 1024));
    expect(await value('memory.swap.max')).toBe('0');
    expect(await value('cpu.max')).toBe('50000 100000');
    expect(await value('cpu.weight')).toMatch(/^\d+$/);
    expect(await value('pids.max')).toBe('4096');
  }
  expect((await inside('dd if=/dev/zero of=/dev/null bs=100M count=1')).exitCode).toBe(137);
  const usage = await engine.usage(id);
  expect(usage?.oomKills).toBe(1);
  expect(usage?.processes).toBe(1);
  expect(usage?.cpuSeconds).toBeGreaterThan(0);
  expect(usage?.memoryBytes).toBeLessThan(64 * 1024 * 1024);
});

test('holds a box to its disk size, and keeps the disk', async () => {
  const { box } = await start({ diskSizeGb: 1 });
  const full = await inside('fallocate -l 700M /a && fallocate -l 700M /b');
  expect(full).toMatchObject({ exitCode: 1 });
  expect(full.stderr).toContain('No space left on device');
  expect((await inside('rm() { busybox rm "$@"; }; rm /b; echo still works > /c; cat /c')).stdout).toBe(
    'still works\n',
  );
  await engine.kill(box);
  await engine.release(box);
  await expect.poll(() => tracesOf(home, box)).toEqual([]);
  await engine.start(box);
  expect((await inside('cat /c')).stdout).toBe('still works\n');
});

test('shows host directories as volumes, read-only all the way down where asked', async () => {
  await mkdir(`${home}/shared/sub`, { recursive: true });
  await mkdir(`${home}/other`);
  await host.mount({ source: `${home}/other`, target: `${home}/shared/sub`, type: '', flags: 4096 });
  await start({
    volumes: [
      { hostPath: `${home}/shared`, guestPath: '/ro', readOnly: true },
      { hostPath: `${home}/shared`, guestPath: '/deep/rw' },
    ],
  });
  expect((await inside('echo x > /ro/file')).stderr).toContain('Read-only file system');
  expect((await inside('echo x > /ro/sub/file')).stderr).toContain('Read-only file system');
  expect((await inside('echo x > /deep/rw/sub/file; cat /ro/sub/file')).stdout).toBe('x\n');
  expect((await inside('grep " /deep/rw/sub " /proc/mounts')).stdout).toMatch(/nosuid,nodev/);
  await host.umount(`${home}/shared/sub`, { detach: true });
});

test('takes a plain directory as root file system and never writes to it', async () => {
  await start({ rootfs: { path: `${home}/layer` } });
  await inside('echo x > /new');
  expect((await readdir(`${home}/layer`)).toSorted()).toEqual(['bin']);
});

test('stacks layers, the lowest first, 80 of them', async () => {
  const layers = [`${home}/layer`];
  for (let i = 0; i < 80; i++) {
    const layer = `${home}/layers/${'sha256-'.repeat(10)}${i}`;
    await mkdir(layer, { recursive: true });
    await writeFile(`${layer}/top`, String(i));
    layers.push(layer);
  }
  await start({ rootfs: { layers } });
  expect((await inside('cat /top')).stdout).toBe('79');
});

test('adopts a detached box that a killed process left, and releases it', async () => {
  await host.close();
  const script = fileURLToPath(new URL('./orphan.fixture.ts', import.meta.url));
  const child = spawn(process.execPath, [script, home, binary, id, 'detached'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const pid = Number(String((await once(child.stdout, 'data'))[0]));
  child.kill('SIGKILL');
  await once(child, 'exit');
  host = await openHost({ binary, lockPath: `${home}/lock` });
  engine = await engineAt(home, host, binary);
  const box = boxAt(home, id);
  started.add(box);
  expect(await engine.pid(box)).toBe(pid);
  expect(await firstFrameType(box)).toBe(65);
  await engine.kill(box);
  await engine.release(box);
  await expect.poll(() => tracesOf(home, box)).toEqual([]);
});

test('leaves nothing of an attached box when its process is killed', async () => {
  await host.close();
  const script = fileURLToPath(new URL('./orphan.fixture.ts', import.meta.url));
  const args = [script, home, binary, id, 'attached', 'disk'];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const pid = Number(String((await once(child.stdout, 'data'))[0]));
  const box = boxAt(home, id);
  expect((await tracesOf(home, box)).length).toBeGreaterThan(3);
  child.kill('SIGKILL');
  await once(child, 'exit');
  // The lock is free once everything is undone.
  host = await openHost({ binary, lockPath: `${home}/lock` });
  engine = await engineAt(home, host, binary);
  await expect.poll(() => tracesOf(home, box)).toEqual([]);
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});
