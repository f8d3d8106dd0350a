import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageInfo } from 'boxlite/backend';
import { expect, test } from 'vitest';
import { buildBaseImage } from '../../../../images/base/build.ts';
import { tarArchive, tarEntry } from '../tar/writer.ts';
import { type ImageHome, imageHome } from '../testing/image-home.ts';
import { startRegistry } from '../testing/registry.ts';
import { pushImage, testBlob, testImage } from '../testing/test-image.ts';

async function importTar(home: ImageHome, tenant: string, reference: string, content: string): Promise<ImageInfo> {
  const path = join(home.path, 'root.tar');
  await writeFile(path, tarArchive([tarEntry({ path: 'etc/name' }, Buffer.from(content))]));
  return home.of(tenant).import(path, reference);
}

test('what one tenant calls an image no other finds, lists, gets or removes, by name or by digest', async () => {
  await using home = await imageHome({ registries: [{ host: '127.0.0.1:9', transport: 'http' }] });
  const [a, b] = [home.of('a'), home.of('b')];
  const { id } = await importTar(home, 'a', '127.0.0.1:9/app', 'secret');
  expect((await b.list()).images).toEqual([]);
  expect(await b.get(id)).toBeNull();
  await expect(b.ready(id)).rejects.toMatchObject({ code: 'image_failed' });
  await expect(b.ready('127.0.0.1:9/app')).rejects.toMatchObject({ code: 'network_failed' });
  await expect(b.remove(id)).rejects.toMatchObject({ code: 'not_found' });
  expect(await b.prune()).toEqual({ removed: [], freedBytes: 0 });
  expect((await a.list()).images).toMatchObject([{ id }]);
});

test('one name leads each tenant to its own image, and the same image is kept once until nobody has it', async () => {
  await using home = await imageHome();
  const [a, b] = [home.of('a'), home.of('b')];
  const same = await importTar(home, 'a', 'app', 'same');
  await importTar(home, 'b', 'app', 'same');
  expect(await home.layers()).toHaveLength(1);
  await importTar(home, 'b', 'app', 'other');
  using own = await a.ready('app');
  expect(own.info.id).toBe(same.id);
  expect((await b.list()).images).toHaveLength(1);
  own[Symbol.dispose]();
  await b.remove('app');
  expect(await home.layers()).toHaveLength(1);
  await a.remove('app');
  expect(await home.layers()).toEqual([]);
});

test('a box of one tenant keeps its image for it, and says nothing of it to another who removes the same', async () => {
  const used = new Map<string, string>();
  await using home = await imageHome({
    inUse: (digest, tenant) => used.has(digest) && (tenant === undefined || used.get(digest) === tenant),
  });
  const { id } = await importTar(home, 'a', 'app', 'same');
  await importTar(home, 'b', 'mine', 'same');
  used.set(id, 'a');
  await home.of('b').remove('mine');
  await expect(home.of('a').remove('app')).rejects.toMatchObject({ code: 'invalid_state' });
  expect((await home.of('a').ready(id)).layers).toHaveLength(1);
});

test('who knows what a layer of another tenant is called gets nothing for that: what is imported has to be in the archive', async () => {
  await using home = await imageHome();
  const secret = tarArchive([tarEntry({ path: 'etc/secret' }, Buffer.from('secret'))]);
  const { id } = await importTar(home, 'a', 'app', 'same');
  await writeFile(join(home.path, 'secret.tar'), secret);
  await home.of('a').import(join(home.path, 'secret.tar'), 'secret');
  const other = tarArchive([tarEntry({ path: 'etc/other' }, Buffer.from('other'))]);
  const { blobs } = testImage([other], { diffIds: [testBlob('', secret).descriptor.digest], compression: 'none' });
  const [config, layer] = blobs;
  const save = tarArchive([
    tarEntry({ path: 'c.json' }, config?.bytes),
    tarEntry({ path: 'layer.tar' }, layer?.bytes),
    tarEntry({ path: 'manifest.json' }, Buffer.from('[{"Config":"c.json","Layers":["layer.tar"]}]')),
  ]);
  await writeFile(join(home.path, 'save.tar'), save);
  await expect(home.of('b').import(join(home.path, 'save.tar'), 'mine')).rejects.toThrow(
    /not what its configuration says/,
  );
  expect((await home.of('b').list()).images).toEqual([]);
  // Who has it too shares it.
  expect(await importTar(home, 'b', 'app', 'same')).toMatchObject({ id });
  expect(await home.layers()).toHaveLength(2);
});

test('who knows what a layer of another tenant is called gets nothing for that: what is pulled has to come from the registry', async () => {
  await using registry = await startRegistry();
  await using home = await imageHome();
  const secret = tarArchive([tarEntry({ path: 'etc/secret' }, Buffer.from('secret'))]);
  await writeFile(join(home.path, 'secret.tar'), secret);
  await home.of('a').import(join(home.path, 'secret.tar'), 'secret');
  const other = tarArchive([tarEntry({ path: 'etc/other' }, Buffer.from('other'))]);
  const claimed = testImage([other], { diffIds: [testBlob('', secret).descriptor.digest] });
  await pushImage(registry, 'claimed', claimed, 'latest');
  await expect(home.of('b').pull(`${registry.host}/claimed`)).rejects.toThrow(/not what its configuration says/);
  // Who has it too shares it, and shows it once.
  await pushImage(registry, 'had', testImage([secret]), 'latest');
  await home.of('b').pull(`${registry.host}/had`);
  expect(await home.layers()).toHaveLength(1);
  await pushImage(registry, 'claimed', testImage([secret, other]), 'more');
  await home.of('b').pull(`${registry.host}/claimed:more`);
  expect(await home.layers()).toHaveLength(2);
});

test('the base image is there for every tenant, taken in once', async () => {
  await using home = await imageHome();
  const baseImageDir = join(home.path, 'base');
  const digest = await buildBaseImage(baseImageDir);
  await home.reopen({ baseImageDir });
  for (const tenant of ['default', 'a', 'b']) {
    expect((await home.of(tenant).list()).images).toMatchObject([{ id: digest }]);
    expect(await home.of(tenant).prune()).toMatchObject({ removed: [] });
  }
  expect((await home.of('c').ready('boxlite/base')).info.id).toBe(digest);
  expect(await home.layers()).toHaveLength(1);
});
