import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packTar, type TarEntry } from './pack.ts';
import { unpackTar } from './unpack.ts';

const run = promisify(execFile);
let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'boxlite-tar-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const segment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .map((name) => name.replace(/[/\0\\\n\r]/g, '_'))
  .filter(
    (name) => name !== '.' && name !== '..' && new TextEncoder().encode(name).length < 250 && name.isWellFormed(),
  );
const name = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));

function file(path: string, data: Uint8Array, mode = 0o644): TarEntry {
  return { header: { name: path, type: 'file', size: data.length, mode, mtimeMs: 1_700_000_000_500 }, content: [data] };
}

function inPieces(data: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let offset = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (offset >= data.length) return controller.close();
      controller.enqueue(data.slice(offset, offset + size));
      offset += size;
    },
  });
}

async function entriesOf(
  stream: ReadableStream<Uint8Array>,
): Promise<{ name: string; type: string; data: string; linkName?: string | undefined; mtimeMs: number }[]> {
  const found = [];
  for await (const { header, content } of unpackTar(stream)) {
    const data = Buffer.concat(await Array.fromAsync(content)).toString('hex');
    found.push({ name: header.name, type: header.type, data, linkName: header.linkName, mtimeMs: header.mtimeMs });
  }
  return found;
}

it('unpacks what it packed, however the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(name, fc.uint8Array({ maxLength: 3000 })), { maxLength: 5 }),
      fc.integer({ min: 1, max: 2000 }),
      async (files, size) => {
        const packed = await new Response(packTar(files.map(([path, data]) => file(path, data)))).bytes();
        const found = await entriesOf(inPieces(packed, size));
        expect(found.map((entry) => [entry.name, entry.data, entry.mtimeMs])).toEqual(
          files.map(([path, data]) => [path, Buffer.from(data).toString('hex'), 1_700_000_000_500]),
        );
      },
    ),
    { numRuns: 60 },
  );
});

it('is unpacked by GNU tar to the same names and bytes', async () => {
  await fc.assert(
    fc.asyncProperty(name, fc.uint8Array({ maxLength: 2000 }), async (path, data) => {
      const root = await mkdtemp(join(dir, 'x-'));
      await writeFile(join(root, 'a.tar'), await new Response(packTar([file(path, data, 0o640)])).bytes());
      await mkdir(join(root, 'out'));
      await run('tar', ['-xf', join(root, 'a.tar'), '-C', join(root, 'out')]);
      const target = join(root, 'out', path);
      expect(await readFile(target)).toEqual(Buffer.from(data));
      expect((await lstat(target)).mode & 0o777).toBe(0o640);
    }),
    { numRuns: 25 },
  );
});

it.each(['gnu', 'pax', 'ustar', 'v7'])('reads what GNU tar writes as %s', async (format) => {
  const root = join(dir, 'in');
  const long = format === 'v7' || format === 'ustar' ? 'short' : `${'long-ü-'.repeat(12)}/${'name-'.repeat(30)}`;
  await mkdir(join(root, long), { recursive: true });
  await writeFile(join(root, long, 'data'), 'content');
  await utimes(join(root, long, 'data'), 1_600_000_000, 1_600_000_000);
  await symlink('data', join(root, long, 'link'));
  const archive = join(dir, 'a.tar');
  await run('tar', [`--format=${format}`, '-cf', archive, '-C', root, '.']);
  const found = await entriesOf(inPieces(await readFile(archive), 777));
  expect(found).toContainEqual({
    name: `./${long}/data`,
    type: 'file',
    data: Buffer.from('content').toString('hex'),
    linkName: undefined,
    mtimeMs: 1_600_000_000_000,
  });
  expect(found).toContainEqual(expect.objectContaining({ name: `./${long}/link`, type: 'symlink', linkName: 'data' }));
});

it('writes symlinks and long link names that GNU tar understands', async () => {
  const target = `${'t'.repeat(200)}`;
  const header = { name: 'link', type: 'symlink', size: 0, mode: 0o777, mtimeMs: 0, linkName: target } as const;
  await writeFile(join(dir, 'a.tar'), await new Response(packTar([{ header }])).bytes());
  await run('tar', ['-xf', join(dir, 'a.tar'), '-C', dir]);
  expect(await readlink(join(dir, 'link'))).toBe(target);
  expect(await readdir(dir)).toHaveLength(2);
});

it('says so when an archive is cut anywhere', async () => {
  const packed = await new Response(packTar([file('a', new Uint8Array(700)), file('b', new Uint8Array(3))])).bytes();
  const whole = packed.length - 1024;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole }), async (length) => {
      await expect(entriesOf(inPieces(packed.slice(0, length), 512))).rejects.toThrow(/ends in the middle/);
    }),
    { numRuns: 40 },
  );
});

it('survives any bytes: it gives entries or a typed error', async () => {
  const packed = await new Response(packTar([file('ü'.repeat(90), new Uint8Array(10))])).bytes();
  await fc.assert(
    fc.asyncProperty(fc.nat(packed.length - 1), fc.nat(255), async (at, value) => {
      const broken = packed.slice();
      broken[at] = value;
      await entriesOf(inPieces(broken, 4096)).catch((error: unknown) => {
        expect(error).toMatchObject({ code: expect.any(String) });
      });
    }),
    { numRuns: 200 },
  );
});

it('refuses a file that changed its size while it was packed', async () => {
  const entry = { ...file('a', new Uint8Array(3)), content: [new Uint8Array(4)] };
  await expect(new Response(packTar([entry])).bytes()).rejects.toThrow(/a changed while it was read/);
});

it('packs only as fast as it is read', async () => {
  let made = 0;
  const endless = (function* () {
    for (;;) {
      made++;
      yield new Uint8Array(65_536);
    }
  })();
  const header = { name: 'big', type: 'file', size: 10 * 2 ** 30, mode: 0o644, mtimeMs: 0 } as const;
  const reader = packTar([{ header, content: endless }]).getReader();
  for (let read = 0; read < 20; read++) await reader.read();
  expect(made).toBeLessThan(22);
  await reader.cancel();
});
