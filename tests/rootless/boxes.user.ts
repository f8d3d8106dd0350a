import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Boxlite, UnsupportedError } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tarArchive, tarEntry } from '../../packages/runtime/src/tar/writer.ts';
import { removeHome } from '../../packages/runtime/src/testing/home-folder.ts';
import { testImage } from '../../packages/runtime/src/testing/test-image.ts';
import { baseImage, hostProgramOf, openSite, until } from '../survival/harness.ts';
import { fillDisk, filledDisk, lookAtDisk } from './travelling-disk.ts';

let home: string;
let runtime: Boxlite;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'boxlite-rootless-'));
  runtime = await Boxlite.local({ homeDir: home });
});
afterAll(async () => {
  await runtime.shutdown();
  await removeHome(home);
});

/** Whether a process is over; whoever it fell to may have yet to hear of it. */
async function hasEnded(pid: number | undefined): Promise<boolean> {
  return !/\) [^ZX] /.test(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''));
}

const ids = (text: string): readonly number[] => text.trim().split(/\s+/).map(Number);

test("root in a box is one of the user's subordinate ids, and so is what it writes", async () => {
  const box = await runtime.create({ image: baseImage });
  await box.run('sh', ['-c', 'echo x > /new']);
  const { id, pid } = await box.info();
  const [, uid] = /^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  const [, first] = ids(await readFile(`/proc/${pid}/uid_map`, 'utf8'));
  expect(Number(uid)).toBe(first);
  expect(first).toBeGreaterThan(65_535);
  const upper = join(home, 'boxes', id, 'disk/upper');
  expect(execFileSync('stat', ['-c', '%u', upper, join(upper, 'new')], { encoding: 'utf8' })).toBe(`${uid}\n${uid}\n`);
  await runtime.remove(id, { force: true });
});

test('what the host cannot give is refused by its name, before anything is made', async () => {
  for (const [options, why] of [
    [{ image: baseImage, security: 'maximum' }, /runsc/],
    [{ image: baseImage, diskSizeGb: 1 }, /^diskSizeGb: /],
    [{ rootfsPath: home }, /^rootfsPath: /],
  ] as const) {
    const made = runtime.create(options);
    await expect(made).rejects.toThrow(UnsupportedError);
    await expect(made).rejects.toThrow(why);
  }
  expect(await runtime.listInfo()).toEqual([]);
});

test('layers hide and delete what is below them, and their owners are those of the image', async () => {
  const file = (path: string, content: string | Buffer, more = {}) => tarEntry({ path, ...more }, Buffer.from(content));
  const busybox = await readFile('/bin/busybox');
  const below = [
    file('bin/busybox', busybox, { mode: 0o755 }),
    tarEntry({ path: 'bin/sh', type: 'symlink', linkPath: 'busybox' }),
    ...[file('gone', ''), file('hidden/below', ''), file('owned', '', { uid: 12, gid: 34, mode: 0o600 })],
  ];
  const image = testImage([tarArchive(below), tarArchive([file('.wh.gone', ''), file('hidden/.wh..wh..opq', '')])]);
  const layout = join(home, 'layout');
  await mkdir(join(layout, 'blobs/sha256'), { recursive: true });
  for (const { descriptor, bytes } of [image.manifest, ...image.blobs])
    await writeFile(join(layout, 'blobs/sha256', descriptor.digest.slice(7)), bytes);
  await writeFile(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(
    join(layout, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [image.manifest.descriptor] }),
  );
  const look = 'PATH=/bin; busybox ls / /hidden | busybox tr "\\n" " "; busybox stat -c %u:%g:%a /owned';
  await runtime.images.import(layout, 'layered:1');
  const box = await runtime.create({ image: 'layered:1' });
  const { stdout } = await box.run('/bin/sh', ['-c', look]);
  expect(stdout).toMatch(/\/hidden: ?12:34:600\n$/);
  expect(stdout).not.toContain('gone');
  await runtime.remove(box.id, { force: true });
  await runtime.images.remove('layered:1');
});

test('a directory and a tar of a root file system are images, whose files are those of the box', async () => {
  const root = join(home, 'root');
  await mkdir(join(root, 'bin'), { recursive: true });
  await writeFile(join(root, 'bin/busybox'), await readFile('/bin/busybox'), { mode: 0o755 });
  execFileSync('ln', ['-s', 'busybox', join(root, 'bin/sh')]);
  execFileSync('tar', ['-C', root, '--owner=7', '--group=8', '-cf', join(home, 'root.tar'), '.']);
  for (const [path, owner] of [
    [root, '0:0'],
    [join(home, 'root.tar'), '7:8'],
  ] as const) {
    await runtime.images.import(path, 'root:1');
    const box = await runtime.create({ image: 'root:1' });
    const { stdout } = await box.run('/bin/sh', ['-c', '/bin/busybox stat -c %u:%g /bin/busybox']);
    expect(stdout, path).toBe(`${owner}\n`);
    await runtime.remove(box.id, { force: true });
    await runtime.images.remove('root:1');
  }
});

test('a box outlives two servers with nothing but itself to hold its namespaces, and is paused and ended by the third', async () => {
  await using site = await openSite();
  const { id } = await site.runtime.create({ image: baseImage, network: 'none', autoRemove: false });
  const execution = await (await site.runtime.get(id))?.exec('sleep', ['1000']);
  const pid = (await site.runtime.getInfo(id))?.pid;
  for (let i = 0; i < 2; i++) {
    const host = hostProgramOf(site.home);
    await site.crash();
    expect(hostProgramOf(site.home)).not.toBe(host);
    expect(await site.runtime.getInfo(id)).toMatchObject({ status: 'running', pid });
  }
  const box = await site.runtime.get(id);
  if (box === null) throw new Error('the box is gone');
  expect((await box.run('sh', ['-c', 'echo more > /more; cat /more'])).stdout).toBe('more\n');
  expect((await (await box.execution(execution?.id ?? '')).status()).status).toBe('running');
  await box.pause();
  expect(await readFile(`/proc/${pid}/stat`, 'utf8')).toContain(') T ');
  const metrics = await box.metrics();
  expect(metrics.memoryBytes).toBeGreaterThan(0);
  await box.stop({ timeoutMs: 0 });
  expect(await hasEnded(pid)).toBe(true);
  expect((await box.run('cat', ['/more'])).stdout).toBe('more\n');
});

test('the network of a box that died with its server is ended by the next, though nothing else of it is left', async () => {
  await using site = await openSite();
  const { id } = await site.runtime.create({ image: baseImage, autoRemove: false });
  const { pid } = (await (await site.runtime.get(id))?.start()) ?? {};
  const [carrier] = ids(await readFile(join(site.home, 'boxes', id, 'network.json'), 'utf8'));
  process.kill(site.server.pid, 'SIGSTOP');
  process.kill(pid ?? 0, 'SIGKILL');
  process.kill(hostProgramOf(site.home), 'SIGKILL');
  expect(await hasEnded(carrier)).toBe(false);
  await site.crash();
  expect(await hasEnded(carrier)).toBe(true);
  expect((await site.runtime.getInfo(id))?.status).toBe('stopped');
  expect((await (await site.runtime.get(id))?.run('echo', ['again']))?.stdout).toBe('again\n');
});

test('a killed host program is followed by one that can end what the first began', async () => {
  const old = await runtime.create({ image: baseImage, network: 'none', autoRemove: false });
  await old.start();
  const { pid } = await old.info();
  const host = hostProgramOf(home);
  process.kill(host, 'SIGKILL');
  const next = await until('a new host program', async () => {
    // What the killed one was at fails, and is to be tried again.
    const started = runtime.create({ image: baseImage }).then((box) => box.start());
    return started.catch(() => undefined);
  });
  expect(hostProgramOf(home)).not.toBe(host);
  await old.stop({ timeoutMs: 0 });
  expect(await hasEnded(pid)).toBe(true);
  expect((await old.run('echo', ['again'])).stdout).toBe('again\n');
  for (const id of [old.id, next.id]) await runtime.remove(id, { force: true });
});

test('a directory of the host shows what anyone may read of it, and takes what anyone may write', async () => {
  const shared = join(home, 'shared');
  await mkdir(shared);
  await chmod(shared, 0o755);
  await writeFile(join(shared, 'open'), 'open');
  await writeFile(join(shared, 'closed'), 'closed', { mode: 0o600 });
  const volumes = [
    { hostPath: shared, guestPath: '/shared' },
    { hostPath: shared, guestPath: '/kept', readOnly: true },
  ];
  const box = await runtime.create({ image: baseImage, volumes });
  const look = 'cat /shared/*; stat -c %U /shared/open; echo x > /shared/new; echo x > /kept/new';
  const { stdout, stderr } = await box.run('sh', ['-c', look]);
  expect(stdout).toBe('opennobody\n');
  const said = ['/closed.*Permission denied', '/shared/new.*Permission denied', '/kept/new.*Read-only'];
  for (const each of said) expect(stderr).toMatch(new RegExp(each));
  await chmod(shared, 0o777);
  const { stderr: after } = await box.run('sh', ['-c', 'echo x > /shared/new; echo x > /kept/more']);
  expect(after).toMatch(/^[^\n]*kept\/more: Read-only[^\n]*\n$/);
  expect(await readFile(join(shared, 'new'), 'utf8')).toBe('x\n');
  await runtime.remove(box.id, { force: true });
});

test('archives travel from root and back to root, with their owners', async () => {
  const folder = process.env['BOXLITE_TRAVEL'] ?? '';
  const given = await runtime.importBox(join(folder, 'from-root.boxlite'));
  expect((await given.run('sh', ['-c', lookAtDisk])).stdout).toBe(filledDisk);
  const own = await runtime.create({ image: baseImage });
  await own.run('sh', ['-c', fillDisk]);
  await own.exportTo(join(folder, 'from-user.boxlite'));
  for (const { id } of [given, own]) await runtime.remove(id, { force: true });
});
