import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { hostActions, mountFlags } from './action.ts';
import { buildGuestBinary } from './guest-binary.fixture.ts';
import { type Host, openHost } from './host.ts';

let binary: string;
let folder: string;
let host: Host;
beforeAll(async () => {
  binary = await buildGuestBinary();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxlite-host-'));
  host = await openHost({ binary, lockPath: `${folder}/lock` });
});
afterEach(async () => {
  await host.close();
  await rm(folder, { recursive: true });
});

const shell = (script: string): readonly string[] => ['/bin/busybox', 'sh', '-c', script];

async function startTime(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19]);
}

test('spawns a program with exactly the asked environment, folder and descriptors', async () => {
  const exit = await host.spawn({
    argv: shell('echo "$A $(pwd)"; ls /proc/self/fd | tr "\\n" " "; env | wc -l >&2; exit 3'),
    env: { A: 'b', PATH: '/bin' },
    cwd: folder,
    output: 'capture',
  });
  expect(exit).toMatchObject({ exitCode: 3, signal: 0, timedOut: false });
  expect(exit.stdout).toBe(`b ${folder}\n0 1 2 3 `);
  expect(Number(exit.stderr)).toBeLessThanOrEqual(4);
});

test('keeps the last 64 KiB of what a program writes', async () => {
  const script = '/bin/busybox seq 1 200000; echo end';
  const { stdout } = await host.spawn({ argv: shell(script), output: 'capture' });
  expect(stdout).toHaveLength(65_536);
  expect(stdout.endsWith('200000\nend\n')).toBe(true);
});

test('kills a program with all its children when its time is over', async () => {
  const exit = await host.spawn({ argv: shell('/bin/busybox sleep 1000; true'), timeoutMs: 50 });
  expect(exit).toMatchObject({ exitCode: 137, signal: 9, timedOut: true });
});

test('does not wait for a child that goes on holding the output', async () => {
  const exit = await host.spawn({ argv: shell('/bin/busybox sleep 1000 & echo $!'), output: 'capture' });
  const pid = Number(exit.stdout);
  expect(await host.kill({ pid, startTime: await startTime(pid), waitMs: 5000 })).toBe('ended');
});

test('says why a program cannot be started', async () => {
  await expect(host.spawn({ argv: ['/nonexistent'] })).rejects.toThrow('start /nonexistent: No such file or directory');
  await expect(host.spawn({ argv: ['relative'] })).rejects.toThrow('Invalid argument');
  await expect(host.spawn({ argv: shell('true'), cwd: '/nonexistent' })).rejects.toThrow('No such file');
});

test('answers more requests at once than it runs at once', async () => {
  const exits = await Promise.all(Array.from({ length: 300 }, (_, i) => host.spawn({ argv: shell(`exit ${i % 7}`) })));
  expect(exits.map(({ exitCode }) => exitCode)).toEqual(Array.from({ length: 300 }, (_, i) => i % 7));
});

test('hands over a listening socket whose path is longer than an address holds', async () => {
  const deep = `${folder}/${'d'.repeat(150)}`;
  await mkdir(deep);
  const listenPath = `${deep}/guest.sock`;
  const exit = await host.spawn({
    argv: shell('/bin/busybox readlink /proc/self/fd/3'),
    listenPath,
    output: 'capture',
  });
  expect(exit.stdout).toMatch(/^socket:/);
  expect((await stat(listenPath)).isSocket()).toBe(true);
  expect((await host.spawn({ argv: shell('true'), listenPath })).exitCode).toBe(0);
  await rm(listenPath);
  await writeFile(listenPath, 'no socket');
  await expect(host.spawn({ argv: shell('true'), listenPath })).rejects.toThrow(/Address .*in use/);
});

test('removes a tree without following links or minding depth', async () => {
  const outside = `${folder}/outside`;
  const tree = `${folder}/tree`;
  await mkdir(outside);
  await writeFile(`${outside}/kept`, '');
  await mkdir(`${tree}/a/b`, { recursive: true });
  await symlink(outside, `${tree}/a/link`);
  await writeFile(`${tree}/a/file`, '');
  await mkdir(`${tree}/a/b/${'d/'.repeat(1500)}`, { recursive: true });
  await host.removeTree(tree);
  expect(await readdir(folder)).toEqual(['lock', 'outside']);
  expect(existsSync(`${outside}/kept`)).toBe(true);
  await host.removeTree(tree);
  await symlink(outside, `${folder}/link`);
  await host.removeTree(`${folder}/link`);
  expect(existsSync(`${outside}/kept`)).toBe(true);
});

test('does not remove what is mounted in a tree', async () => {
  await mkdir(`${folder}/source`);
  await writeFile(`${folder}/source/kept`, '');
  await mkdir(`${folder}/tree/mounted`, { recursive: true });
  const target = `${folder}/tree/mounted`;
  await host.mount({ source: `${folder}/source`, target, type: '', flags: mountFlags.bind });
  await expect(host.removeTree(`${folder}/tree`)).rejects.toThrow('something is mounted below');
  await expect(host.removeTree(target)).rejects.toThrow('something is mounted below');
  expect(existsSync(`${folder}/source/kept`)).toBe(true);
  await host.umount(target);
  await host.umount(target);
  await host.removeTree(`${folder}/tree`);
});

test('mounts an overlay of a hundred layers whose names hold commas and colons', async () => {
  const layers = Array.from({ length: 100 }, (_, i) => `${folder}/a,b:c\\d ${'long'.repeat(20)}/${i}`);
  for (const [i, layer] of layers.entries()) {
    await mkdir(layer, { recursive: true });
    await writeFile(`${layer}/same`, String(i));
    await writeFile(`${layer}/own${i}`, '');
  }
  const [target, upper, work] = ['root', 'upper,x', 'work'].map((name) => `${folder}/${name}`);
  if (target === undefined || upper === undefined || work === undefined) throw new Error('no paths');
  for (const path of [target, upper, work]) await mkdir(path);
  await host.mountOverlay({ target, layers, upper, work });
  expect(await readFile(`${target}/same`, 'utf8')).toBe('0');
  expect(await readdir(target)).toHaveLength(101);
  await writeFile(`${target}/new`, 'x');
  await host.umount(target);
  expect(await readdir(upper)).toEqual(['new']);
});

test('an image whose mount is still held elsewhere is mounted again as the same file system', async () => {
  const [source, target] = [`${folder}/disk.img`, `${folder}/disk`];
  await mkdir(target);
  await host.spawn({ argv: ['/usr/bin/truncate', '-s', '16M', source] });
  await host.spawn({ argv: ['/usr/sbin/mkfs.ext4', '-q', '-F', source] });
  await host.mountImage({ source, target, type: 'ext4' });
  // A copy of every mount, as a box has while it starts.
  const holder = spawn('unshare', ['-m', '--propagation', 'private', 'sh', '-c', 'echo; read x']);
  try {
    await once(holder.stdout, 'data');
    await writeFile(`${target}/late`, 'not written out');
    await host.umount(target);
    await host.mountImage({ source, target, type: 'ext4' });
    expect(await readFile(`${target}/late`, 'utf8')).toBe('not written out');
    await host.umount(target);
  } finally {
    holder.stdin.end();
    await once(holder, 'exit');
  }
  await host.mountImage({ source, target, type: 'ext4' });
  expect(await readFile(`${target}/late`, 'utf8')).toBe('not written out');
  await host.umount(target);
});

test('an overlay of mapped owners takes its disk from one directory', async () => {
  for (const name of ['layer', 'root', 'one', 'two']) await mkdir(`${folder}/${name}`);
  const [target, upper, work] = [`${folder}/root`, `${folder}/one/upper`, `${folder}/two/work`];
  const ids = { first: 0x7000_0000, count: 65_536 };
  await expect(host.mountOverlay({ target, layers: [`${folder}/layer`], upper, work, ids })).rejects.toThrow(
    'lie apart',
  );
  expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(target);
});

test('copies a sparse file without filling its holes', async () => {
  const file = await open(`${folder}/from`, 'w');
  await file.write('data', 8 * 1024 * 1024);
  await file.truncate(64 * 1024 * 1024);
  await file.close();
  await host.copySparse(`${folder}/from`, `${folder}/to`);
  const copy = await stat(`${folder}/to`);
  expect(copy.size).toBe(64 * 1024 * 1024);
  expect(copy.blocks).toBeLessThan(64);
  await expect(host.copySparse(`${folder}/from`, `${folder}/to`)).rejects.toThrow('File exists');
});

test('does what is asked for in a sequence in order, ends at the first that fails, and keeps what came before', async () => {
  const directory = (path: string, mode = 0o750) => hostActions.makeDirectory({ path, mode, owner: 0 });
  await host.sequence([directory(`${folder}/a`), directory(`${folder}/a/b`, 0o711)]);
  expect((await stat(`${folder}/a/b`)).mode & 0o7777).toBe(0o711);
  // One that is there keeps its mode.
  await host.sequence([directory(`${folder}/a/b`, 0o700)]);
  expect((await stat(`${folder}/a/b`)).mode & 0o7777).toBe(0o711);
  await symlink(`${folder}/a`, `${folder}/link`);
  const failing = [directory(`${folder}/before`), directory(`${folder}/link`), directory(`${folder}/after`)];
  await expect(host.sequence(failing)).rejects.toThrow('Not a directory');
  expect((await readdir(folder)).filter((name) => name === 'before' || name === 'after')).toEqual(['before']);
  await expect(host.sequence([hostActions.sequence([])])).rejects.toThrow('malformed');
  await expect(host.sequence([{ type: 16, payload: Buffer.from('x') }])).rejects.toThrow('malformed');
  await expect(host.sequence([hostActions.spawn({ argv: shell('true') })])).rejects.toThrow('unknown type');
});

test('leaves alone a process that took over the id of another', async () => {
  const child = spawn('/bin/busybox', ['sleep', '1000']);
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const real = await startTime(pid);
  expect(await host.kill({ pid, startTime: real + 1, waitMs: 1000 })).toBe('gone');
  expect(await host.kill({ pid, startTime: real, signal: 0 })).toBe('running');
  const ended = once(child, 'exit');
  await host.kill({ pid, startTime: real });
  expect(await ended).toEqual([null, 'SIGKILL']);
});

test('names who holds the lock, without what its options and arguments are', async () => {
  const other = `${folder}/other-lock`;
  const open = `import { openHost } from ${JSON.stringify(join(import.meta.dirname, 'host.ts'))};
    const host = await openHost({ binary: ${JSON.stringify(binary)}, lockPath: ${JSON.stringify(other)} });
    process.stdout.write('open');
    process.stdin.resume().once('end', () => host.close());`;
  const script = `${folder}/holder.ts`;
  await writeFile(script, open);
  const holder = spawn(process.execPath, [script, 'serve', '--api-key', 'a-secret']);
  await once(holder.stdout, 'data');
  await expect(openHost({ binary, lockPath: other })).rejects.toThrow(
    `is in use by process ${holder.pid} (${process.execPath} ${script}); stop it`,
  );
  const ended = once(holder, 'exit');
  holder.stdin.end();
  expect(await ended).toEqual([0, null]);
  await expect(openHost({ binary, lockPath: `${folder}/lock` })).rejects.toThrow(
    `home directory ${folder} is in use by process ${process.pid} (`,
  );
});

test('undoes what is registered when it is closed, in order, whatever fails, and nothing that was cleared', async () => {
  const log = `${folder}/log`;
  const say = (text: string) => hostActions.spawn({ argv: shell(`echo ${text}`), output: { file: log } });
  await host.undo('replaced', [say('wrong')]);
  await host.undo('replaced', [say('one'), hostActions.umount('/proc/1/nonexistent'), say('two')]);
  await host.undo('cleared', [say('wrong')]);
  await host.clearUndo('cleared');
  await host.close();
  expect(await readFile(log, 'utf8')).toBe('one\ntwo\n');
  await expect(host.spawn({ argv: shell('true') })).rejects.toThrow();
});

test('refuses an undo list with a malformed action', async () => {
  await expect(host.undo('key', [{ type: 1, payload: Buffer.from('x') }])).rejects.toThrow('malformed');
  await expect(host.undo('key', [{ type: 9, payload: Buffer.alloc(0) }])).rejects.toThrow('malformed');
});

test('is started again when it is killed, with its lock and what it is to undo; only what it was at fails', async () => {
  const log = `${folder}/log`;
  await host.undo('kept', [hostActions.spawn({ argv: shell('echo undone'), output: { file: log } })]);
  const { pid } = host;
  const pending = host.spawn({ argv: shell('/bin/busybox sleep 2') });
  process.kill(pid, 'SIGKILL');
  await expect(pending).rejects.toThrow('ended meanwhile');
  expect(await host.spawn({ argv: shell('exit 4') })).toMatchObject({ exitCode: 4 });
  expect(host.pid).not.toBe(pid);
  await expect(openHost({ binary, lockPath: `${folder}/lock` })).rejects.toThrow('is in use by process');
  await host.close();
  expect(await readFile(log, 'utf8')).toBe('undone\n');
});

test('says which binary is missing', async () => {
  const opening = openHost({ binary: '/nonexistent/boxlite-guest', lockPath: `${folder}/lock2` });
  await expect(opening).rejects.toThrow('/nonexistent/boxlite-guest');
});
