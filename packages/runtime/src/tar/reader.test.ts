import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readTar, type TarEntry } from './reader.ts';
import { TarError } from './tar-error.ts';
import { tarArchive, tarEntry } from './writer.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxlite-tar-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readAll(bytes: Uint8Array, size = 65536): Promise<(TarEntry & { content: string })[]> {
  const found = [];
  for await (const { body, ...entry } of readTar(pieces(bytes, size))) {
    const content = Buffer.concat(await Array.fromAsync(body)).toString('latin1');
    found.push({ ...entry, content });
  }
  return found;
}

const name = fc
  .array(fc.constantFrom('a', 'b', '.', '-', ' ', 'ü', '\n', '漢'), { minLength: 1, maxLength: 60 })
  .map((parts) => `f${parts.join('')}`);

test('what GNU tar packs in each of its formats is read as it was, however the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(name, name, fc.uint8Array({ maxLength: 2000 })), {
        maxLength: 6,
        selector: ([a, b]) => a + b,
      }),
      fc.constantFrom('gnu', 'pax', 'oldgnu'),
      fc.integer({ min: 1, max: 5000 }),
      async (files, format, size) => {
        const tree = mkdtempSync(join(folder, 'tree-'));
        for (const [parent, leaf, content] of files) {
          mkdirSync(join(tree, 'd', parent), { recursive: true });
          writeFileSync(join(tree, 'd', parent, leaf), content);
        }
        symlinkSync(`${'x'.repeat(150)}/../y`, join(tree, 'link'));
        const options = [`--format=${format}`, '--owner=:3000000', '--group=:5', '--mtime=@1234567890', '--sort=name'];
        const archive = execFileSync('tar', [...options, '-C', tree, '-c', '.'], { maxBuffer: 1 << 28 });
        const entries = await readAll(archive, size);
        const read = entries.filter((entry) => entry.type === 'file');
        const expected = files.map(([parent, leaf, content]) => [
          Buffer.from(`./d/${parent}/${leaf}`).toString('latin1'),
          Buffer.from(content).toString('latin1'),
        ]);
        expect(read.map((entry) => [entry.path, entry.content]).sort()).toEqual(expected.sort());
        expect(entries.every(({ uid, gid, mtime }) => uid === 3000000 && gid === 5 && mtime === 1234567890)).toBe(true);
        expect(entries.find(({ type }) => type === 'symlink')?.linkPath).toBe(`${'x'.repeat(150)}/../y`);
      },
    ),
    { numRuns: 25 },
  );
});

test('what our writer packs is read the same, and GNU tar lists it', async () => {
  const long = 'd/'.repeat(120);
  const entries = [
    { path: `${long}f`, mode: 0o4755, uid: 70000, gid: 3, mtime: 5 },
    { path: 'l', type: 'symlink', linkPath: `${long}f`, mode: 0o777 },
    { path: 'h', type: 'hardlink', linkPath: 'l' },
    { path: 'old', mtime: -1.5 },
    { path: 'c', type: 'character', deviceMajor: 1, deviceMinor: 3 },
  ] as const;
  const archive = tarArchive(entries.map((entry) => tarEntry(entry, Buffer.from('type' in entry ? '' : 'hello'))));
  expect(await readAll(archive)).toMatchObject(entries);
  const listed = execFileSync('tar', ['-t'], { input: archive }).toString();
  expect(listed.split('\n').slice(0, -1)).toEqual(entries.map(({ path }) => path));
});

test('bytes at random never hang the reader and never fail with anything but a TarError', async () => {
  const archive = tarArchive([
    tarEntry({ path: 'x'.repeat(200), uid: 2 ** 33 }, Buffer.alloc(700)),
    tarEntry({ path: 'b' }),
  ]);
  await fc.assert(
    fc.asyncProperty(fc.nat(archive.length - 1), fc.uint8Array({ minLength: 1, maxLength: 20 }), async (at, noise) => {
      const damaged = Buffer.from(archive);
      damaged.set(noise.subarray(0, damaged.length - at), at);
      await readAll(damaged).catch((error) => expect(error).toBeInstanceOf(TarError));
    }),
  );
});

test('an archive that is cut short anywhere but between entries is an error', async () => {
  const archive = tarArchive([tarEntry({ path: 'a' }, Buffer.alloc(600)), tarEntry({ path: 'b' }, Buffer.alloc(10))]);
  for (const end of [0, 100, 512, 1000, 1300, 1600, 2100]) {
    await expect(readAll(archive.subarray(0, end)), String(end)).rejects.toThrow(/tar archive/);
  }
});

test('a sparse file is refused with what to do', async () => {
  writeFileSync(join(folder, 'hole'), '');
  truncateSync(join(folder, 'hole'), 10 * 1024 * 1024);
  for (const format of ['gnu', 'pax']) {
    const archive = execFileSync('tar', ['-S', `--format=${format}`, '-C', folder, '-c', 'hole']);
    await expect(readAll(archive)).rejects.toThrow(/sparse.*pack it without --sparse/);
  }
});

test('a body that is left unread or half read does not disturb the next entry', async () => {
  const archive = tarArchive(['a', 'b', 'c'].map((path) => tarEntry({ path }, Buffer.alloc(100_000, path))));
  const seen: string[] = [];
  for await (const entry of readTar(pieces(archive, 1000))) {
    seen.push(entry.path);
    if (entry.path === 'b') for await (const _ of entry.body) break;
  }
  expect(seen).toEqual(['a', 'b', 'c']);
});
