import { execFileSync } from 'node:child_process';
import { chmod, link, lstat, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { tarArchive, tarEntry } from '../tar/writer.ts';
import { imageHome } from '../testing/image-home.ts';
import { type TestImage, testImage } from '../testing/test-image.ts';

const text = (path: string, content: string): Uint8Array => tarEntry({ path }, Buffer.from(content));
const image = testImage([tarArchive([text('a', 'one'), text('b', 'two')]), tarArchive([text('.wh.a', '')])], {
  config: { Cmd: ['run'] },
});

async function writeLayout(folder: string, images: Readonly<Record<string, TestImage>>): Promise<string> {
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  for (const { manifest, blobs } of Object.values(images)) {
    for (const { descriptor, bytes } of [manifest, ...blobs]) {
      await writeFile(join(folder, 'blobs/sha256', descriptor.digest.slice(7)), bytes);
    }
  }
  const manifests = Object.entries(images).map(([name, { manifest }]) => ({
    ...manifest.descriptor,
    annotations: { 'org.opencontainers.image.ref.name': name },
  }));
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  return folder;
}

function dockerArchive(): Uint8Array {
  const [config, first, second] = testImage(
    [tarArchive([text('a', 'one'), text('b', 'two')]), tarArchive([text('.wh.a', '')])],
    { config: { Cmd: ['run'] }, compression: 'none' },
  ).blobs;
  const manifest = [{ Config: 'c.json', RepoTags: ['app:1'], Layers: ['1/layer.tar', '2/layer.tar'] }];
  return tarArchive([
    tarEntry({ path: 'real.tar' }, first?.bytes),
    tarEntry({ path: '1/layer.tar', type: 'symlink', linkPath: '../real.tar' }),
    tarEntry({ path: '2/layer.tar' }, second?.bytes),
    tarEntry({ path: 'c.json' }, config?.bytes),
    text('manifest.json', JSON.stringify(manifest)),
  ]);
}

test('an OCI layout is imported, as a folder and as a tar, plain and compressed', async () => {
  await using home = await imageHome();
  const folder = await writeLayout(join(home.path, 'layout'), { 'x:1': image });
  const tar = execFileSync('tar', ['-C', folder, '-c', '.']);
  const paths = [folder];
  for (const [name, bytes] of [
    ['l.tar', tar],
    ['l.tgz', gzipSync(tar)],
    ['l.zst', zstdCompressSync(tar)],
  ] as const) {
    paths.push(join(home.path, name));
    await writeFile(join(home.path, name), bytes);
  }
  for (const path of paths) {
    const info = await home.store.import(path, 'app:1');
    expect(info).toMatchObject({ reference: 'docker.io/library/app:1', id: image.manifest.descriptor.digest });
  }
  const { layers, config } = await home.store.ready('app:1');
  expect(config.cmd).toEqual(['run']);
  expect(layers).toHaveLength(2);
  expect((await lstat(join(layers[1] ?? '', 'a'))).isCharacterDevice()).toBe(true);
});

test('of a layout with several images the one with the name is imported, and without it they are listed', async () => {
  await using home = await imageHome();
  const other = testImage([tarArchive([text('o', 'o')])]);
  const folder = await writeLayout(join(home.path, 'layout'), { 'docker.io/library/x:1': image, 'y:2': other });
  expect((await home.store.import(folder, 'x:1')).id).toBe(image.manifest.descriptor.digest);
  expect((await home.store.import(folder, 'z/y:2').catch((error) => error)).message).toMatch(
    /several images \(docker.io\/library\/x:1, y:2\)/,
  );
});

test('what docker save writes is imported', async () => {
  await using home = await imageHome();
  await writeFile(join(home.path, 'save.tar'), dockerArchive());
  await home.store.import(join(home.path, 'save.tar'), 'mine');
  const { layers, config } = await home.store.ready('mine');
  expect(config.cmd).toEqual(['run']);
  expect(await readFile(join(layers[0] ?? '', 'b'), 'utf8')).toBe('two');
});

test('an archive whose links lead outside gives nothing of the host away', async () => {
  await using home = await imageHome();
  const manifest = [{ Config: 'c.json', Layers: ['l.tar'] }];
  const evil = tarArchive([
    tarEntry({ path: 'c.json', type: 'symlink', linkPath: '/etc/passwd' }),
    tarEntry({ path: 'l.tar', type: 'symlink', linkPath: '/etc/passwd' }),
    text('manifest.json', JSON.stringify(manifest)),
  ]);
  await writeFile(join(home.path, 'evil.tar'), evil);
  await expect(home.store.import(join(home.path, 'evil.tar'), 'evil')).rejects.toThrow(/has no file c\.json/);
});

test('a tar of a root file system becomes an image that runs a shell', async () => {
  await using home = await imageHome();
  await writeFile(
    join(home.path, 'root.tgz'),
    gzipSync(tarArchive([text('etc/os', 'x'), text('manifest.json', '{}')])),
  );
  await home.store.import(join(home.path, 'root.tgz'), 'root');
  const { layers, config } = await home.store.ready('root');
  expect(config).toMatchObject({ cmd: ['/bin/sh'], env: { PATH: expect.any(String) } });
  expect(await readFile(join(layers[0] ?? '', 'manifest.json'), 'utf8')).toBe('{}');
});

test('a root directory is copied with modes, links and hard links, and twice is the same image', async () => {
  await using home = await imageHome();
  const root = join(home.path, 'root');
  await mkdir(join(root, 'd'), { recursive: true });
  await writeFile(join(root, 'd/su'), 'x');
  await chmod(join(root, 'd/su'), 0o4711);
  await writeFile(join(root, '.wh.kept'), '');
  await link(join(root, 'd/su'), join(root, 'hard'));
  await symlink('/etc/passwd', join(root, 'soft'));
  const first = await home.store.import(root, 'root');
  expect((await home.store.import(root, 'again')).id).toBe(first.id);
  const { layers } = await home.store.ready('root');
  const at = layers[0] ?? '';
  const su = await lstat(join(at, 'd/su'));
  expect([su.mode & 0o7777, su.nlink]).toEqual([0o4711, 2]);
  expect(await readlink(join(at, 'soft'))).toBe('/etc/passwd');
  expect((await lstat(join(at, '.wh.kept'))).isFile()).toBe(true);
  expect(await home.layers()).toHaveLength(1);
});

test('what cannot be imported is an ImageError that says what was found', async () => {
  await using home = await imageHome();
  await writeFile(join(home.path, 'text'), 'hello '.repeat(500));
  await writeFile(join(home.path, 'empty'), '');
  const failures: [string, RegExp][] = [
    ['missing', /there is no such file/],
    ['text', /not a tar archive/],
    ['empty', /not a tar archive: it is empty/],
    ['', /own home directory is in it/],
  ];
  for (const [name, message] of failures) {
    const failure = await home.store.import(join(home.path, name), 'x').catch((error) => error);
    expect(failure).toMatchObject({ code: 'image_failed', message: expect.stringMatching(message) });
  }
  await expect(home.store.import('/dev/null', 'x')).rejects.toThrow(/neither a file nor a directory/);
  expect([await home.layers(), await home.unfinished()]).toEqual([[], []]);
});
