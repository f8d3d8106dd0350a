import { existsSync } from 'node:fs';
import { chmod, link, lstat, mkdir, mkdtemp, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, ResourceExhaustedError, StorageError } from 'boxlite/backend';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { record, tree } from '../archive/tree.fixture.ts';
import { buildGuestBinary } from '../host/guest-binary.fixture.ts';
import { type Host, openHost } from '../host/host.ts';
import { removeHome } from '../testing/home-folder.ts';
import { type DiskProgram, diskProgram } from './disk-program.ts';

let home: string;
let host: Host;
let program: DiskProgram;
let count = 0;
const limits = { bytes: 1_000_000, entries: 2000 };
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'boxlite-disk-'));
  const binary = await buildGuestBinary();
  host = await openHost({ binary, lockPath: join(home, 'lock') });
  program = diskProgram(host, binary);
});
afterAll(async () => {
  await host.close();
  await removeHome(home);
});

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
}

function fresh(): string {
  count += 1;
  return join(home, `tree-${count}`);
}

function unpack(bytes: Uint8Array, into: string = fresh()): Promise<unknown> {
  return program.unpack(into, limits, pieces(bytes));
}

async function described(root: string): Promise<string[]> {
  const names = (await readdir(root, { recursive: true })).toSorted();
  return Promise.all(
    ['', ...names].map(async (name) => {
      const { mode, uid, gid, nlink, size, mtimeMs, rdev } = await lstat(join(root, name));
      const content = (mode & 0o170000) === 0o100000 ? await readFile(join(root, name), 'latin1') : '';
      const bytes = (mode & 0o170000) === 0o040000 ? 0 : size;
      return [name, mode.toString(8), uid, gid, nlink, bytes, mtimeMs, rdev, content.slice(0, 99)].join(' ');
    }),
  );
}

test('a tree is the same after a copy, and after it was packed and unpacked, holes and links included', async () => {
  const root = fresh();
  await mkdir(join(root, 'sub/deep'), { recursive: true });
  await writeFile(join(root, 'file'), 'content');
  await link(join(root, 'file'), join(root, 'sub/again'));
  await symlink('/etc/passwd', join(root, 'sub/link'));
  await host.spawn({ argv: ['/usr/bin/mknod', join(root, 'gone'), 'c', '0', '0'] });
  await host.spawn({ argv: ['/usr/bin/mkfifo', join(root, 'pipe')] });
  await host.spawn({ argv: ['/usr/bin/truncate', '-s', '100M', join(root, 'hole')] });
  await chmod(join(root, 'file'), 0o4711);
  await host.spawn({ argv: ['/usr/bin/touch', '-d', '2001-02-03 04:05:06.789', join(root, 'sub')] });
  const [copied, unpacked] = [fresh(), fresh()];
  const totals = await program.copy(root, copied);
  expect(totals.entries).toBe(9);
  expect(await described(copied)).toEqual(await described(root));
  await program.unpack(unpacked, { bytes: 1e9, entries: 100 }, program.pack(root));
  expect(await described(unpacked)).toEqual(await described(root));
  expect((await stat(join(unpacked, 'hole'))).blocks).toBe(0);
  await program.swap(root, join(copied, 'sub'));
  expect((await readdir(root)).toSorted()).toEqual(['again', 'deep', 'link']);
});

test('ids are shifted on the way in and back on the way out', async () => {
  const bytes = tree(1, 0, record.directory('mine', { uid: 1000 }), record.up);
  const [shifted, back] = [fresh(), fresh()];
  const shifting = diskProgram(host, await buildGuestBinary(), 100_000);
  await shifting.unpack(shifted, limits, pieces(bytes));
  expect((await stat(join(shifted, 'mine'))).uid).toBe(101_000);
  await program.unpack(back, limits, shifting.pack(shifted));
  expect((await stat(join(back, 'mine'))).uid).toBe(1000);
});

const good = tree(
  6,
  9,
  record.file('a', 5, [[1, 'bcd']], { link: 1 }),
  record.hardLink('b', 1),
  record.symlink('up', '../../..'),
  record.whiteout('gone'),
  record.directory('sub', { xattrs: { 'trusted.overlay.opaque': 'y', 'user.note': 'hi' } }),
  record.file('c', 4, [[0, 'text']]),
  record.up,
);

test('a well formed tree is taken, with the attributes that boxes may have', async () => {
  const root = fresh();
  await unpack(good, root);
  expect(await readFile(join(root, 'b'), 'latin1')).toBe('\0bcd\0');
  const again = [];
  for await (const piece of program.pack(root)) again.push(piece);
  expect(Buffer.concat(again).includes('trusted.overlay.opaque')).toBe(true);
});

const root = record.directory('');
const hostile: Readonly<Record<string, Buffer>> = {
  'a name that climbs': tree(1, 0, record.file('..', 0)),
  'a name of its own directory': tree(1, 0, record.file('.', 0)),
  'a name with a slash': tree(1, 0, record.file('a/b', 0)),
  'an absolute name': tree(1, 0, record.symlink('/etc', 'x')),
  'no name': tree(1, 0, record.file('', 0)),
  'a name with NUL': tree(1, 0, record.file('a\0b', 0)),
  'a name twice': tree(2, 0, record.file('a', 0), record.file('a', 0)),
  'a directory in place of a link out': tree(2, 0, record.symlink('a', '/'), record.directory('a'), record.up),
  'a file through a link out': tree(2, 0, record.symlink('a', '/etc/boxlite-test'), record.file('a', 1, [[0, 'x']])),
  'a device': tree(1, 0, record.other('C', 'sda')),
  'a block device': tree(1, 0, record.other('B', 'sda')),
  'a piece beyond its file': tree(1, 1, record.file('a', 1, [[0, 'xx']])),
  'pieces that overlap': tree(
    1,
    4,
    record.file('a', 4, [
      [0, 'xx'],
      [1, 'xx'],
    ]),
  ),
  'more bytes than allowed': tree(1, 1_000_001, record.file('a', 1_000_001)),
  'a size near the limit of numbers': tree(1, 0, record.file('a', Number.MAX_SAFE_INTEGER)),
  'more entries than allowed': tree(2500, 0, ...Array.from({ length: 2500 }, (_, i) => record.file(`f${i}`, 0))),
  'fewer entries than it says': tree(2, 0, record.file('a', 0)),
  'more bytes than it says': tree(1, 0, record.file('a', 1, [[0, 'x']])),
  'a link to nothing': tree(1, 0, record.hardLink('a', 1)),
  'a link to what is out of range': tree(1, 0, record.hardLink('a', 4_000_000_000)),
  'a redirect of the overlay': tree(
    1,
    0,
    record.directory('a', { xattrs: { 'trusted.overlay.redirect': '/etc' } }),
    record.up,
  ),
  'an origin of the overlay': tree(
    1,
    0,
    record.directory('a', { xattrs: { 'trusted.overlay.metacopy': '' } }),
    record.up,
  ),
  'an attribute of a security module': tree(
    1,
    0,
    record.directory('a', { xattrs: { 'security.selinux': 'x' } }),
    record.up,
  ),
  'a capability that is none': tree(1, 0, record.file('a', 0, [], { xattrs: { 'security.capability': 'x' } })),
  'an owner out of range': tree(1, 0, record.directory('a', { uid: 4_294_967_295 }), record.up),
  'a mode out of range': tree(1, 0, record.directory('a', { mode: 0o170000 }), record.up),
  'two roots': Buffer.concat([root, record.up, root, record.up, record.end(2, 0)]),
  'an end before its root ends': Buffer.concat([root, record.end(1, 0)]),
  'more ends than directories': Buffer.concat([root, record.up, record.up, record.end(1, 0)]),
  'no root': record.end(0, 0),
  'a file as its root': Buffer.concat([record.file('a', 0), record.end(1, 0)]),
  'bytes behind its end': Buffer.concat([good, Buffer.from('x')]),
  'directories without end': Buffer.concat([root, ...Array.from({ length: 1500 }, () => record.directory('d'))]),
};

test.each(Object.entries(hostile))('a tree with %s is refused', async (_, bytes) => {
  await expect(unpack(bytes)).rejects.toThrow(InvalidArgumentError);
  expect(existsSync('/etc/boxlite-test')).toBe(false);
});

test('a tree is refused wherever it is cut, and whatever is changed in it ends in an error of ours or a tree', async () => {
  for (let length = 0; length < good.length; length += 3) {
    await expect(unpack(good.subarray(0, length))).rejects.toThrow(InvalidArgumentError);
  }
  const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const bytes = Buffer.from(good);
      for (const [at, value] of changes) bytes[at] = value;
      const outcome = await unpack(bytes).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) return;
      expect(outcome.message).not.toContain('ended with null');
      expect([InvalidArgumentError, StorageError, ResourceExhaustedError].some((one) => outcome instanceof one)).toBe(
        true,
      );
    }),
    { numRuns: 100 },
  );
});
