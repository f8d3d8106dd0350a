import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TarWriteEntry, tarArchive, tarEntry } from '../../tar/writer.ts';
import { extractLayer } from './extract.ts';
import { defaultLayerLimits } from './limits.ts';
import { lowerView } from './lower-view.ts';

let folder: string;
let count = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxlite-whiteout-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (path: string, content = path) => tarEntry({ path }, Buffer.from(content));
const dir = (path: string, more: Partial<TarWriteEntry> = {}) =>
  tarEntry({ path, type: 'directory', mode: 0o755, ...more });
const link = (path: string, linkPath: string) => tarEntry({ path, type: 'symlink', linkPath });

async function stack(...layers: Uint8Array[][]): Promise<string[]> {
  const made: string[] = [];
  for (const entries of layers) {
    const own = join(folder, `layer-${count++}`);
    const into = join(own, 'root');
    mkdirSync(into, { recursive: true });
    writeFileSync(join(own, 'tar'), tarArchive(entries));
    await extractLayer({ file: join(own, 'tar'), what: 'layer', into, lower: made, limits: defaultLayerLimits });
    made.push(into);
  }
  return made;
}

/** Every file of a tree with its content, as overlayfs shows the layers (they need no more than a read-only mount). */
function shown(layers: readonly string[]): Record<string, string> {
  const at = join(folder, 'merged');
  mkdirSync(at, { recursive: true });
  const empty = join(folder, 'empty');
  mkdirSync(empty, { recursive: true });
  execFileSync('mount', [
    '-t',
    'overlay',
    'overlay',
    '-o',
    `ro,lowerdir=${[empty, ...layers].reverse().join(':')}`,
    at,
  ]);
  try {
    const found: Record<string, string> = {};
    for (const entry of readdirSync(at, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const kind = entry.isFile() ? readFileSync(path, 'utf8') : entry.isDirectory() ? '/' : 'special';
      found[path.slice(at.length + 1)] = entry.isSymbolicLink() ? 'link' : kind;
    }
    return found;
  } finally {
    execFileSync('umount', [at]);
  }
}

test('a whiteout hides a file and a directory of the layers below', async () => {
  const layers = await stack([file('d/a'), file('d/b'), file('e/x/y')], [file('d/.wh.a', ''), file('e/.wh.x', '')]);
  expect(shown(layers)).toEqual({ d: '/', 'd/b': 'd/b', e: '/' });
});

test('a whiteout of what nothing below has leaves no trace', async () => {
  const layers = await stack([file('a')], [file('new/.wh.ghost', ''), file('.wh.none', ''), file('new/n')]);
  expect(shown(layers)).toEqual({ a: 'a', new: '/', 'new/n': 'new/n' });
});

test('an opaque directory shows only its own layer, and the ones above it', async () => {
  const layers = await stack(
    [file('d/a'), file('d/sub/one'), file('d/sub/deep/two')],
    [file('d/b')],
    [file('d/sub/new'), file('d/.wh..wh..opq', ''), file('d/c')],
    [file('d/e')],
  );
  expect(shown(layers)).toEqual({
    d: '/',
    'd/c': 'd/c',
    'd/e': 'd/e',
    'd/sub': '/',
    'd/sub/new': 'd/sub/new',
  });
});

test('a directory that is deleted and made again in one layer starts empty', async () => {
  const layers = await stack(
    [file('d/a'), file('f')],
    [file('.wh.d', ''), dir('d'), file('d/b'), file('.wh.f', ''), file('f', 'new')],
  );
  expect(shown(layers)).toEqual({ d: '/', 'd/b': 'd/b', f: 'new' });
});

test('what was deleted can come back above, and be deleted again', async () => {
  const layers = await stack(
    [file('d/a', '1')],
    [file('d/.wh.a', '')],
    [file('d/a', '3')],
    [file('.wh.d', '')],
    [file('d/z')],
  );
  expect(shown(layers.slice(0, 3))).toEqual({ d: '/', 'd/a': '3' });
  expect(shown(layers)).toEqual({ d: '/', 'd/z': 'd/z' });
});

test('many whiteouts share one device', async () => {
  const names = Array.from({ length: 300 }, (_, number) => `f${number}`);
  const layers = await stack(
    names.map((name) => file(`d/${name}`)),
    [file('d/.wh..wh..opq', ''), dir('d')],
  );
  expect(shown(layers)).toEqual({ d: '/' });
  expect(lstatSync(join(layers[1] ?? '', 'd/f0')).nlink).toBe(300);
});

test('a parent directory that a layer leaves out looks like the one below, and a symlink below is followed', async () => {
  const layers = await stack(
    [dir('usr/', { mode: 0o711, uid: 7, mtime: 77 }), dir('usr/bin'), link('bin', 'usr/bin'), file('usr/bin/a')],
    [file('usr/x'), file('bin/b')],
  );
  const stats = lstatSync(join(layers[1] ?? '', 'usr'));
  expect([stats.mode & 0o7777, stats.mtimeMs]).toEqual([0o711, 77_000]);
  expect(shown(layers)).toMatchObject({
    bin: 'link',
    'usr/bin/a': 'usr/bin/a',
    'usr/bin/b': 'bin/b',
    'usr/x': 'usr/x',
  });
});

test('the view of lower layers agrees with overlayfs', async () => {
  const layers = await stack(
    [file('a/b/c'), file('a/d'), file('x')],
    [file('a/.wh.b', ''), file('a/e')],
    [file('a/b/new'), file('x/y')],
    [file('.wh.x', '')],
  );
  const view = lowerView(layers);
  expect(view.names('').slice().sort()).toEqual(['a']);
  expect(view.names('a').slice().sort()).toEqual(['b', 'd', 'e']);
  expect(view.names('a/b')).toEqual(['new']);
  expect(view.find('x')).toBeUndefined();
  expect(view.find('a/b/c')).toBeUndefined();
  expect(Object.keys(shown(layers)).sort()).toEqual(['a', 'a/b', 'a/b/new', 'a/d', 'a/e']);
});
