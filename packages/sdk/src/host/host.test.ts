import { execFile } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TarHeader } from '../tar/entry.ts';
import { packTar } from '../tar/pack.ts';
import { unpackTar } from '../tar/unpack.ts';
import { writeArchive } from './archive-file.ts';
import { packHost } from './pack-host.ts';
import { unpackHost } from './unpack-host.ts';

let dir = '';
let out = '';
let outside = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'boxlite-host-'));
  out = join(dir, 'out');
  outside = join(dir, 'outside');
  await mkdir(outside);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function archive(...entries: (Partial<TarHeader> & { name: string; data?: string })[]): ReadableStream<Uint8Array> {
  return packTar(
    entries.map(({ data = '', ...header }) => {
      const content = new TextEncoder().encode(data);
      return {
        header: { type: 'file', size: content.length, mode: 0o644, mtimeMs: 1e12, ...header },
        content: [content],
      };
    }),
  );
}

/** A pipe, a socket and a link to a device, which no copy may replace. */
async function noFiles(): Promise<AsyncDisposable & { readonly paths: readonly string[] }> {
  const paths = ['pipe', 'socket', 'device'].map((name) => join(dir, name));
  const [pipe = '', socket = '', device = ''] = paths;
  await promisify(execFile)('mkfifo', [pipe]);
  await symlink('/dev/null', device);
  const server = createServer().listen(socket);
  await once(server, 'listening');
  return {
    paths,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

it('replaces no device, pipe or socket by a file: not by one that is copied, and not by an archive of a box', async () => {
  await using special = await noFiles();
  const before = await Promise.all(special.paths.map(async (path) => (await lstat(path)).ino));
  for (const path of special.paths) {
    await expect(unpackHost(archive({ name: 'f', data: 'new' }), path, {})).rejects.toThrow(
      /a device, a pipe or a socket/,
    );
    await expect(
      unpackHost(archive({ name: 'd/', type: 'directory' }, { name: `d/${basename(path)}` }), dir, {
        includeParent: false,
      }),
    ).rejects.toThrow(/a device, a pipe or a socket/);
    await expect(writeArchive(archive({ name: 'f' }), path, 'f')).rejects.toThrow(/a device, a pipe or a socket/);
  }
  expect(await Promise.all(special.paths.map(async (path) => (await lstat(path)).ino))).toEqual(before);
});

it('keeps the file that stands there until all of the new one has come', async () => {
  await mkdir(out);
  await writeFile(join(out, 'f'), 'old');
  const whole = Buffer.concat(await Array.fromAsync(archive({ name: 'f', data: 'new'.repeat(1000) })));
  const broken = new Blob([whole.subarray(0, 1024)]).stream();
  await expect(unpackHost(broken, join(out, 'f'), {})).rejects.toThrow();
  expect(await readFile(join(out, 'f'), 'utf8')).toBe('old');
  expect(await readdir(out)).toEqual(['f']);
  await unpackHost(archive({ name: 'f', data: 'new' }), join(out, 'f'), {});
  expect(await readFile(join(out, 'f'), 'utf8')).toBe('new');
  expect(await readdir(out)).toEqual(['f']);
});

async function names(stream: ReadableStream<Uint8Array>): Promise<string[]> {
  const found = [];
  for await (const { header } of unpackTar(stream)) found.push(header.name);
  return found.sort();
}

it('packs a directory with ./ first and its contents without its name', async () => {
  const root = join(dir, 'app');
  await mkdir(join(root, 'sub'), { recursive: true });
  await writeFile(join(root, 'a'), '1');
  await writeFile(join(root, 'sub', 'b'), '2');
  const first = [];
  for await (const { header } of unpackTar(await packHost(root, {}))) first.push(header.name);
  expect(first[0]).toBe('./');
  expect(await names(await packHost(root, {}))).toEqual(['./', 'a', 'sub/', 'sub/b']);
  expect(await names(await packHost(root, { includeParent: true }))).toEqual([
    './',
    'app/',
    'app/a',
    'app/sub/',
    'app/sub/b',
  ]);
  expect(await names(await packHost(join(root, 'a'), {}))).toEqual(['a']);
  await expect(packHost(root, { recursive: false })).rejects.toThrow(/hostPath is a directory/);
  await expect(packHost(join(root, 'none'), {})).rejects.toMatchObject({ code: 'not_found' });
});

it('brings a tree back the same: bytes, modes, times and links', async () => {
  const root = join(dir, 'app');
  await mkdir(join(root, 'ro'), { recursive: true });
  await writeFile(join(root, 'ro', 'run.sh'), 'echo hi');
  await chmod(join(root, 'ro', 'run.sh'), 0o750);
  await utimes(join(root, 'ro', 'run.sh'), 1_600_000_000, 1_600_000_000.25);
  await symlink('ro/run.sh', join(root, 'link'));
  await chmod(join(root, 'ro'), 0o555);
  await utimes(join(root, 'ro'), 1_500_000_000, 1_500_000_000);
  await unpackHost(await packHost(root, { includeParent: true }), out, {});
  const file = await stat(join(out, 'app', 'ro', 'run.sh'));
  expect([file.mode & 0o777, file.mtimeMs]).toEqual([0o750, 1_600_000_000_250]);
  const folder = await stat(join(out, 'app', 'ro'));
  expect([folder.mode & 0o777, folder.mtimeMs]).toEqual([0o555, 1_500_000_000_000]);
  expect(await readlink(join(out, 'app', 'link'))).toBe('ro/run.sh');
  await chmod(join(root, 'ro'), 0o755);
  await chmod(join(out, 'app', 'ro'), 0o755);
});

it('follows links only when asked, and refuses a circle', async () => {
  const root = join(dir, 'app');
  await mkdir(root);
  await writeFile(join(outside, 'f'), 'far');
  await symlink('../outside/f', join(root, 'l'));
  await unpackHost(await packHost(root, { followSymlinks: true }), out, {});
  expect(await readFile(join(out, 'l'), 'utf8')).toBe('far');
  await symlink('.', join(root, 'circle'));
  await expect(names(await packHost(root, { followSymlinks: true }))).rejects.toThrow(/links to a directory above it/);
  expect(await names(await packHost(root, {}))).toEqual(['./', 'circle', 'l']);
});

it('leaves sockets out', async () => {
  const root = join(dir, 's');
  await mkdir(root);
  const server = createServer().listen(join(root, 'socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  await writeFile(join(root, 'f'), 'x');
  expect(await names(await packHost(root, {}))).toEqual(['./', 'f']);
  await new Promise((resolve) => server.close(resolve));
});

it('puts a lone file at the path, or into a directory', async () => {
  await unpackHost(archive({ name: 'f.txt', data: '1' }), join(out, 'renamed.txt'), {});
  await unpackHost(archive({ name: 'f.txt', data: '2' }), out, {});
  await unpackHost(archive({ name: 'f.txt', data: '3' }), `${out}/new/`, {});
  expect(await readFile(join(out, 'renamed.txt'), 'utf8')).toBe('1');
  expect(await readFile(join(out, 'f.txt'), 'utf8')).toBe('2');
  expect(await readFile(join(out, 'new', 'f.txt'), 'utf8')).toBe('3');
});

it('puts a directory into the path, with its name or without', async () => {
  const tree = () => archive({ name: 'd/', type: 'directory', mode: 0o755 }, { name: 'd/x', data: '1' });
  await unpackHost(tree(), out, {});
  await unpackHost(tree(), join(out, 'flat'), { includeParent: false });
  expect((await readdir(out)).sort()).toEqual(['d', 'flat']);
  expect(await readdir(join(out, 'flat'))).toEqual(['x']);
  await expect(unpackHost(tree(), out, { recursive: false })).rejects.toThrow(/guestPath is a directory/);
});

it('keeps what exists unless it may be overwritten', async () => {
  await mkdir(out);
  await writeFile(join(out, 'f'), 'old');
  await expect(unpackHost(archive({ name: 'f', data: 'new' }), out, { overwrite: false })).rejects.toMatchObject({
    code: 'already_exists',
  });
  expect(await readFile(join(out, 'f'), 'utf8')).toBe('old');
  await unpackHost(archive({ name: 'f', data: 'new' }), out, {});
  expect(await readFile(join(out, 'f'), 'utf8')).toBe('new');
});

it('replaces a file whose name is as long as a name may be, also by an archive', async () => {
  await mkdir(out);
  const name = 'n'.repeat(255);
  await unpackHost(archive({ name, data: 'old' }), out, {});
  await unpackHost(archive({ name, data: 'new' }), out, {});
  expect(await readFile(join(out, name), 'utf8')).toBe('new');
  const written = await writeArchive(new Blob(['box']).stream(), join(out, name), 'box');
  expect(await readFile(written, 'utf8')).toBe('box');
  expect(await readdir(out)).toEqual([name]);
});

it('never writes into what a hard link shares', async () => {
  await mkdir(out);
  await writeFile(join(outside, 'shared'), 'precious');
  await link(join(outside, 'shared'), join(out, 'f'));
  await unpackHost(archive({ name: 'f', data: 'evil' }), out, {});
  expect(await readFile(join(outside, 'shared'), 'utf8')).toBe('precious');
});

const d: Partial<TarHeader> & { name: string } = { name: 'd/', type: 'directory', mode: 0o755 };
const linkTo = (name: string, linkName: string, type: 'symlink' | 'hardlink' = 'symlink') => ({
  name,
  type,
  linkName,
  size: 0,
});

it.each([
  ['a parent segment', [d, { name: 'd/../../outside/evil', data: 'x' }]],
  ['an absolute name', [d, { name: '/outside/evil', data: 'x' }]],
  ['an absolute link', [d, linkTo('d/l', '/etc')]],
  ['a link to a sibling of what is copied', [d, linkTo('d/l', '../.ssh/id')]],
  ['a link that climbs out', [d, linkTo('d/l', '../../outside')]],
  ['a link that climbs through a link', [d, linkTo('d/a', '.'), linkTo('d/l', 'a/../../outside')]],
  ['an entry through a link', [d, linkTo('d/l', '.'), { name: 'd/l/x', data: 'x' }]],
  ['a hard link out', [d, linkTo('d/l', '../outside/secret', 'hardlink')]],
  ['a hard link to what was not copied', [d, linkTo('d/l', 'd/none', 'hardlink')]],
  ['a hard link to a link', [d, linkTo('d/a', 'x'), linkTo('d/l', 'd/a', 'hardlink')]],
  ['a file in place of a directory', [d, { name: 'd/s/', type: 'directory' as const }, { name: 'd/s', data: 'x' }]],
  ['a lone link', [linkTo('l', '/etc/passwd')]],
  [
    'a second file after a lone one',
    [
      { name: 'a', data: '1' },
      { name: '../b', data: '2' },
    ],
  ],
])('refuses %s and writes nothing outside', async (_, entries) => {
  await writeFile(join(outside, 'secret'), 's');
  await expect(unpackHost(archive(...entries), out, {})).rejects.toMatchObject({ code: 'invalid_argument' });
  expect(await readdir(outside)).toEqual(['secret']);
});

it('refuses to write through a link that stands on the host', async () => {
  await mkdir(out);
  await symlink(outside, join(out, 'd'));
  await expect(unpackHost(archive(d, { name: 'd/evil', data: 'x' }), out, {})).rejects.toThrow(
    /write through .* symbolic link/,
  );
  expect(await readdir(outside)).toEqual([]);
});

it('refuses devices by name, and drops set-user-id', async () => {
  await unpackHost(archive({ name: 'f', mode: 0o4755, data: 'x' }), `${out}/`, {});
  expect((await lstat(join(out, 'f'))).mode & 0o7777).toBe(0o755);
  const bytes = await new Response(archive({ name: 'pipe' })).bytes();
  bytes[156] = 0x36;
  bytes.set(new TextEncoder().encode(checksum(bytes).toString(8).padStart(6, '0')), 148);
  await expect(unpackHost(new Blob([bytes]).stream(), out, {})).rejects.toThrow(/pipe: this kind of tar entry/);
});

function checksum(bytes: Uint8Array): number {
  return bytes.subarray(0, 512).reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte), 0);
}

it('is understood by GNU tar, and understands it', async () => {
  const root = join(dir, 'app');
  await mkdir(join(root, 'sub'), { recursive: true });
  await writeFile(join(root, 'sub', 'b'), 'x'.repeat(70_000));
  await writeFile(join(dir, 'a.tar'), await new Response(await packHost(root, {})).bytes());
  await mkdir(join(dir, 'gnu'));
  await promisify(execFile)('tar', ['-xf', join(dir, 'a.tar'), '-C', join(dir, 'gnu')]);
  expect((await readFile(join(dir, 'gnu', 'sub', 'b'))).length).toBe(70_000);
  await promisify(execFile)('tar', ['-cf', join(dir, 'b.tar'), '-C', dir, 'app']);
  await unpackHost(new Blob([await readFile(join(dir, 'b.tar'))]).stream(), out, {});
  expect((await readFile(join(out, 'app', 'sub', 'b'))).length).toBe(70_000);
});

it('packs a file of 10 GiB a piece at a time', async () => {
  const big = join(dir, 'big');
  await writeFile(big, '');
  await truncate(big, 10 * 2 ** 30);
  const seen: number[] = [];
  const stream = await packHost(big, { onProgress: ({ completedBytes }) => seen.push(completedBytes) });
  const reader = stream.getReader();
  for (let read = 0; read < 6; read++) expect((await reader.read()).value?.length).toBeLessThanOrEqual(256 * 1024);
  expect(seen.at(-1)).toBeLessThan(2 * 2 ** 20);
  await reader.cancel();
});

it('removes a file that it could not finish', async () => {
  const bytes = await new Response(archive({ name: 'f', data: 'x'.repeat(5000) })).bytes();
  await expect(unpackHost(new Blob([bytes.slice(0, 2000)]).stream(), `${out}/`, {})).rejects.toThrow(
    /ends in the middle/,
  );
  expect(await readdir(out)).toEqual([]);
});
