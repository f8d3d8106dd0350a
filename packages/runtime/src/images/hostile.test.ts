import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tarArchive, tarEntry } from '../tar/writer.ts';
import { type ImageHome, imageHome } from '../testing/image-home.ts';
import { startRegistry, type TestRegistry } from '../testing/registry.ts';
import { pushImage, type TestBlob, type TestImage, testBlob, testImage } from '../testing/test-image.ts';

// Hostile images by the way that they come: pushed to a registry and pulled, and as an archive that is imported.
let registry: TestRegistry;
let number = 0;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

const file = (path: string, content = 'x') => tarEntry({ path, mode: 0o644 }, Buffer.from(content));
const dir = (path: string) => tarEntry({ path, type: 'directory', mode: 0o755 });
const link = (path: string, linkPath: string) => tarEntry({ path, type: 'symlink', linkPath });
const hard = (path: string, linkPath: string) => tarEntry({ path, type: 'hardlink', linkPath });

async function pull(home: ImageHome, image: TestImage): Promise<readonly string[]> {
  const name = `hostile/${number++}`;
  await pushImage(registry, name, image, 'latest');
  return (await home.store.ready(`${registry.host}/${name}`)).layers;
}
const layered = (...layers: Uint8Array[][]): TestImage => testImage(layers.map((entries) => tarArchive(entries)));

/** A file of the host that hostile layers try to reach. */
function victim(home: ImageHome): string {
  const path = join(home.path, 'victim');
  writeFileSync(path, 'unharmed');
  return path;
}

/** An OCI layout whose image is the last blob. */
function writeLayout(folder: string, blobs: readonly TestBlob[]): void {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  for (const { descriptor, bytes } of blobs)
    writeFileSync(join(folder, 'blobs/sha256', descriptor.digest.slice(7)), bytes);
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(
    join(folder, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [blobs.at(-1)?.descriptor] }),
  );
}

const refused: readonly (readonly [string, (victim: string) => Uint8Array[], RegExp])[] = [
  ['a name that leads out of the layer', () => [file('../../../../victim')], /leads out of it/],
  ['a name that leads out in the middle', () => [dir('a'), file('a/../../../../../victim')], /leads out of it/],
  ['a hard link to a file of the host', (path) => [hard('stolen', path)], /no file of that layer/],
  ['a hard link above the layer', () => [hard('stolen', '../../../../victim')], /leads out of it/],
  [
    'a hard link through a symlink',
    (path) => [link('l', path), hard('s', 'l/x')],
    /hard link s|no file|not a directory/,
  ],
  ['symlinks in a circle', () => [link('a', 'b'), link('b', 'a'), file('a/x')], /too many symlinks/],
  ['a root that is a symlink', () => [link('./', '/etc')], /root is a symlink/],
  ['a whiteout of the parent', () => [file('d/.wh...')], /whiteout without a name/],
];

test.each(refused)('%s is refused, by pull and by import, and nothing is left', async (_name, make, message) => {
  await using home = await imageHome();
  const entries = make(victim(home));
  await expect(pull(home, layered(entries))).rejects.toThrow(message);
  const archive = join(home.path, 'root.tar');
  writeFileSync(archive, tarArchive(entries));
  await expect(home.store.import(archive, 'hostile')).rejects.toThrow(message);
  expect(readFileSync(join(home.path, 'victim'), 'utf8')).toBe('unharmed');
  expect([await home.layers(), await home.unfinished()]).toEqual([[], []]);
});

test('absolute and chained symlinks lead nowhere but into the layer', async () => {
  await using home = await imageHome();
  const outside = victim(home);
  const [layer = ''] = await pull(
    home,
    layered([
      link('abs', '/'),
      link('up', '../../../../../../..'),
      link('chain', 'up/abs/up'),
      file(`abs${outside}`, 'evil'),
      link('direct', outside),
      file('direct', 'evil'),
      file('chain/three', '3'),
    ]),
  );
  expect(readFileSync(outside, 'utf8')).toBe('unharmed');
  expect(readFileSync(join(layer, outside), 'utf8')).toBe('evil');
  expect(lstatSync(join(layer, 'direct')).isFile()).toBe(true);
  expect(readFileSync(join(layer, 'three'), 'utf8')).toBe('3');
});

test('a symlink of a lower layer does not lead a higher one out', async () => {
  await using home = await imageHome();
  const outside = victim(home);
  const [, upper = ''] = await pull(home, layered([link('etc', home.path)], [file('etc/victim', 'evil')]));
  expect(readFileSync(outside, 'utf8')).toBe('unharmed');
  expect(readFileSync(join(upper, outside), 'utf8')).toBe('evil');
});

test('devices and FIFOs are not made', async () => {
  await using home = await imageHome();
  const special = (['character', 'block', 'fifo'] as const).map((type) =>
    tarEntry({ path: type, type, deviceMajor: 8, deviceMinor: 1 }),
  );
  const [layer = ''] = await pull(home, layered([...special, file('a')]));
  expect(readdirSync(layer)).toEqual(['a']);
});

test('whiteouts, opaque directories and entries that come twice give what overlayfs shows', async () => {
  await using home = await imageHome();
  const layers = await pull(
    home,
    layered(
      [file('d/a'), file('d/b'), file('e/old'), file('twice', 'first')],
      [file('d/.wh.a', ''), file('e/.wh..wh..opq', ''), file('e/new'), file('twice', '1'), file('twice', '2')],
    ),
  );
  const upper = layers[1] ?? '';
  expect(lstatSync(join(upper, 'd/a')).isCharacterDevice()).toBe(true);
  expect(lstatSync(join(upper, 'e/old')).isCharacterDevice()).toBe(true);
  expect(readFileSync(join(upper, 'twice'), 'utf8')).toBe('2');
});

test('a blob that is not what the manifest says, and a layer that is not what the configuration says, are refused', async () => {
  await using home = await imageHome();
  const tar = tarArchive([file('a')]);
  await expect(pull(home, testImage([tar], { diffIds: [`sha256:${'1'.repeat(64)}`] }))).rejects.toThrow(/is not what/);
  await expect(pull(home, testImage([tar], { diffIds: [] }))).rejects.toThrow(
    /1 layers, but its configuration names 0/,
  );
  const image = testImage([tar]);
  const [config, layer] = image.blobs;
  if (config === undefined || layer === undefined) throw new Error('an image has two blobs');
  const size = layer.descriptor.size;
  for (const [lie, message] of [
    [{ size: size - 1 }, /is longer than|is damaged/],
    [{ size: 2 ** 40 }, /is the limit/],
  ] as const) {
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: image.manifest.descriptor.mediaType,
        config: config.descriptor,
        layers: [{ ...layer.descriptor, ...lie }],
      }),
    );
    const folder = join(home.path, `layout-${number++}`);
    writeLayout(folder, [config, layer, testBlob(image.manifest.descriptor.mediaType, manifest)]);
    await expect(home.store.import(folder, 'lying')).rejects.toThrow(/has \d+ bytes, not|is the limit/);
    const lying = { blobs: image.blobs, manifest: testBlob(image.manifest.descriptor.mediaType, manifest) };
    await expect(pull(home, lying)).rejects.toThrow(message);
  }
  expect([await home.layers(), await home.unfinished()]).toEqual([[], []]);
});

test('a size in an archive that lies, and a layer that is cut short, are refused', async () => {
  await using home = await imageHome();
  const cut = tarEntry({ path: 'big' }, Buffer.alloc(5000)).subarray(0, 2048);
  await expect(pull(home, testImage([cut]))).rejects.toThrow(/cut short/);
  await expect(pull(home, testImage([Buffer.alloc(4096, 'noise')]))).rejects.toThrow(/cannot be unpacked/);
});

test('a decompression bomb is stopped, in a layer and in an imported archive', async () => {
  await using home = await imageHome({ limits: { freeBytes: 8_000_000, maxRatio: 100 } });
  const bomb = tarArchive([file('zeros', '\0'.repeat(40_000_000))]);
  for (const compression of ['gzip', 'zstd'] as const) {
    await expect(pull(home, testImage([bomb], { compression }))).rejects.toThrow(/decompression bomb/);
  }
  const archive = join(home.path, 'bomb.tgz');
  writeFileSync(archive, gzipSync(bomb));
  await expect(home.store.import(archive, 'bomb')).rejects.toThrow(/decompression bomb/);
  expect([await home.layers(), await home.unfinished()]).toEqual([[], []]);
});

test('100,000 files are pulled, and too many are refused', { timeout: 60_000 }, async () => {
  // In memory: it is not the disk that is tested.
  await using home = await imageHome({ limits: { maxEntries: 100_000 } }, '/dev/shm');
  const entries = Array.from({ length: 100_000 }, (_, index) => file(`d${index % 100}/f${index}`, ''));
  const [layer = ''] = await pull(home, layered(entries));
  expect(readdirSync(join(layer, 'd7'))).toHaveLength(1000);
  await home.reopen({ limits: { maxEntries: 1000 } });
  await expect(pull(home, layered([...entries, file('more')]))).rejects.toThrow(/more than 1000 entries/);
});
