import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TarWriteEntry, tarArchive, tarEntry } from '../../tar/writer.ts';
import { type ExtractOptions, extractLayer } from './extract.ts';
import { defaultLayerLimits } from './limits.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxlite-layer-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (path: string, content = 'x', more: Partial<TarWriteEntry> = {}) =>
  tarEntry({ path, ...more }, Buffer.from(content));
const dir = (path: string, mode = 0o755) => tarEntry({ path, type: 'directory', mode });
const link = (path: string, linkPath: string) => tarEntry({ path, type: 'symlink', linkPath });
const hard = (path: string, linkPath: string) => tarEntry({ path, type: 'hardlink', linkPath });

async function extract(archive: Uint8Array, options: Partial<ExtractOptions> = {}): Promise<string> {
  writeFileSync(join(folder, 'layer'), archive);
  const into = join(folder, 'own', 'root');
  mkdirSync(into, { recursive: true });
  await extractLayer({
    file: join(folder, 'layer'),
    what: 'layer L',
    into,
    lower: [],
    limits: defaultLayerLimits,
    ...options,
  });
  return into;
}

/** Nothing but what the test itself made may be beside the layer's own folder. */
function expectNothingOutside(): void {
  expect(readdirSync(folder).sort()).toEqual(['layer', 'own']);
  expect(readdirSync(join(folder, 'own'))).toEqual(['root']);
}

test('modes with setuid, times, owners, links and hard links are kept', async () => {
  const root = await extract(
    tarArchive([
      dir('d', 0o2750),
      file('d/su', 'su', { mode: 0o4755, uid: 12, gid: 34, mtime: 1000 }),
      hard('d/again', './d/su'),
      link('d/sl', '/somewhere/../else'),
      file('shadow', 's', { mode: 0 }),
    ]),
  );
  const su = lstatSync(join(root, 'd/su'));
  expect([su.mode & 0o7777, su.mtimeMs, su.nlink]).toEqual([0o4755, 1_000_000, 2]);
  if (process.geteuid?.() === 0) expect([su.uid, su.gid]).toEqual([12, 34]);
  expect(lstatSync(join(root, 'd/again')).ino).toBe(su.ino);
  expect(readlinkSync(join(root, 'd/sl'))).toBe('/somewhere/../else');
  expect(lstatSync(join(root, 'd')).mode & 0o7777).toBe(0o2750);
  expect(lstatSync(join(root, 'shadow')).mode & 0o7777).toBe(0);
});

test('names that are not UTF-8 are kept byte for byte', async () => {
  const root = await extract(tarArchive([file('caf\xe9\xff', 'x')]));
  expect(readdirSync(root, { encoding: 'buffer' })).toEqual([Buffer.from('caf\xe9\xff', 'latin1')]);
});

test.each([
  ['an entry above the root', [file('../evil')]],
  ['an entry above the root in the middle', [file('a/../../evil')]],
  ['a hard link to outside', [hard('h', '../../../etc/passwd')]],
  ['a hard link to an absolute name that the layer has not', [hard('h', '/etc/passwd')]],
  ['a hard link through a symlink to outside', [link('etc', '/etc'), hard('h', 'etc/passwd')]],
  ['a hard link to a directory', [dir('d'), hard('h', 'd')]],
  ['a hard link to the root', [hard('h', '/')]],
  ['a whiteout without a name', [file('.wh.')]],
  ['a whiteout of a parent', [file('d/.wh...')]],
  ['a root that is a symlink', [link('./', '/etc')]],
  ['symlinks in a circle', [link('a', 'b'), link('b', 'a'), file('a/x')]],
  ['an entry below a file', [file('a'), file('a/b')]],
  ['a name that is too long', [file(`${'n'.repeat(300)}`)]],
])('%s is refused with an ImageError that names the layer', async (_name, entries) => {
  const failure = await extract(tarArchive(entries)).catch((error) => error);
  expect(failure).toMatchObject({ code: 'image_failed' });
  expect(failure.message).toMatch(/^layer L/);
  expectNothingOutside();
});

test('symlinks on the way to an entry are followed as if the layer were the root', async () => {
  const outside = join(folder, 'own');
  const root = await extract(
    tarArchive([
      link('abs', outside),
      file('abs/one'),
      link('up', '../../../../..'),
      link('chain', 'up/abs'),
      file('chain/two'),
      file('up/three'),
      file('/four'),
    ]),
  );
  expectNothingOutside();
  expect(readdirSync(join(root, outside)).sort()).toEqual(['one', 'two']);
  expect(readdirSync(root)).toEqual(expect.arrayContaining(['three', 'four']));
});

test('a symlink that takes the place of a directory is not written through from memory', async () => {
  const root = await extract(
    tarArchive([dir('d'), file('d/a'), link('d', '/else'), file('d/b'), link('e', '/x'), dir('e'), file('e/c')]),
  );
  expect(readdirSync(join(root, 'else'))).toEqual(['b']);
  expect(readdirSync(join(root, 'e'))).toEqual(['c']);
  expectNothingOutside();
});

test('a file never writes through a symlink or a hard link of the same name', async () => {
  const root = await extract(
    tarArchive([
      file('a', 'first'),
      hard('b', 'a'),
      file('b', 'second'),
      link('c', '/a'),
      file('c', 'third'),
      hard('a', 'a'),
    ]),
  );
  expect(['a', 'b', 'c'].map((name) => readFileSync(join(root, name), 'utf8'))).toEqual(['first', 'second', 'third']);
});

test('of entries with the same name the last counts', async () => {
  const root = await extract(tarArchive([file('a', '1'), dir('a'), file('a/b', '2'), file('a', '3'), file('a', '4')]));
  expect(readFileSync(join(root, 'a'), 'utf8')).toBe('4');
});

test('devices and FIFOs are left out', async () => {
  const devices = (['character', 'block', 'fifo'] as const).map((type) =>
    tarEntry({ path: type, type, deviceMajor: 1, deviceMinor: 3 }),
  );
  expect(readdirSync(await extract(tarArchive([...devices, file('a')])))).toEqual(['a']);
});

test('a layer beyond a limit is refused: bytes, entries, growth', async () => {
  const zeros = gzipSync(tarArchive([file('z', '\0'.repeat(3_000_000))]));
  const limits = (more: object) => ({ limits: { ...defaultLayerLimits, ...more } });
  await expect(extract(zeros, limits({ maxBytes: 1_000_000 }))).rejects.toThrow(/more than 1000000 bytes/);
  await expect(extract(zeros, limits({ freeBytes: 1_000_000 }))).rejects.toThrow(/decompression bomb/);
  await expect(extract(tarArchive([file('a'), file('b')]), limits({ maxEntries: 1 }))).rejects.toThrow(
    /more than 1 entries/,
  );
});

test('a size that lies, garbage and a wrong digest are errors', async () => {
  const lying = tarEntry({ path: 'big' }, Buffer.alloc(5000)).subarray(0, 2048);
  await expect(extract(lying)).rejects.toThrow(/layer L cannot be unpacked: the tar archive is cut short in big/);
  await expect(extract(Buffer.alloc(2000, 'garbage'))).rejects.toThrow(/not a tar archive/);
  await expect(extract(gzipSync(tarArchive([file('a')])).subarray(0, -9))).rejects.toThrow(
    /layer L cannot be unpacked/,
  );
  const digest = `sha256:${'0'.repeat(64)}`;
  await expect(extract(tarArchive([file('a')]), { digest })).rejects.toThrow(/is damaged/);
});

test('an abort stops it with its reason', async () => {
  const reason = new Error('enough');
  await expect(extract(tarArchive([file('a')]), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
