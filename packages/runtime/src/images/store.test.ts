import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildBaseImage } from '../../../../images/base/build.ts';
import { tarArchive, tarEntry } from '../tar/writer.ts';
import { type ImageHome, imageHome } from '../testing/image-home.ts';

async function importTar(home: ImageHome, reference: string, content: string) {
  const path = join(home.path, 'root.tar');
  await writeFile(path, tarArchive([tarEntry({ path: 'etc/name' }, Buffer.from(content))]));
  return home.store.import(path, reference);
}

test('the list is paged in the order of names', async () => {
  await using home = await imageHome();
  for (const name of ['c', 'a', 'b', 'd', 'e']) await importTar(home, name, name);
  const seen: string[] = [];
  let pageToken: string | undefined;
  do {
    const page = await home.store.list({ pageSize: 2, ...(pageToken !== undefined && { pageToken }) });
    seen.push(...page.images.map(({ repository }) => repository.slice(-1)));
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
  await expect(home.store.list({ pageSize: 0 })).rejects.toMatchObject({ code: 'invalid_argument' });
  await expect(home.store.list({ pageToken: '%%' })).rejects.toMatchObject({ code: 'invalid_argument' });
});

test('an image is found by its digest and removed by name or digest, with the layers that only it had', async () => {
  await using home = await imageHome();
  const one = await importTar(home, 'one', 'same');
  await importTar(home, 'also-one', 'same');
  const two = await importTar(home, 'two', 'other');
  expect(await home.store.get(one.id)).toMatchObject({ id: one.id });
  expect(await home.store.get(`sha256:${'0'.repeat(64)}`)).toBeNull();
  expect(await home.layers()).toHaveLength(2);
  await home.store.remove('one');
  expect(await home.layers()).toHaveLength(2);
  await home.store.remove('also-one');
  expect(await home.layers()).toHaveLength(1);
  await home.store.remove(two.id);
  expect(await home.layers()).toEqual([]);
  await expect(home.store.remove('two')).rejects.toMatchObject({ code: 'not_found' });
});

test('an image that a box uses is not removed, and stays when its name moves on', async () => {
  const used = new Set<string>();
  await using home = await imageHome({ inUse: (digest) => used.has(digest) });
  const old = await importTar(home, 'app', 'old');
  used.add(old.id);
  await expect(home.store.remove('app')).rejects.toMatchObject({ code: 'invalid_state' });
  await importTar(home, 'app', 'new');
  expect((await home.store.ready(old.id)).layers).toHaveLength(1);
  expect(await home.layers()).toHaveLength(2);
  used.clear();
  await home.reopen();
  expect(await home.layers()).toHaveLength(1);
  await expect(home.store.ready(old.id)).rejects.toMatchObject({ code: 'image_failed' });
});

test('what a dead process left unfinished is removed when the store opens', async () => {
  await using home = await imageHome();
  await importTar(home, 'kept', 'kept');
  const dead = spawnSync('true').pid;
  for (const path of [`tmp/${dead}.12345.abc/work-1/root`, 'layers/0123456789abcdef0123456789abcdef', 'tmp/junk']) {
    await mkdir(join(home.path, 'images', path), { recursive: true });
  }
  await home.reopen();
  expect(await home.layers()).toHaveLength(1);
  expect(await home.unfinished()).toEqual([]);
});

test('a layer whose folder is gone makes the image not ready', async () => {
  await using home = await imageHome({ registries: [{ host: '127.0.0.1:9', transport: 'http' }] });
  const { id } = await importTar(home, '127.0.0.1:9/app', 'x');
  const { layers } = await home.store.ready(id);
  await rm(layers[0] ?? '', { recursive: true });
  await expect(home.store.ready('127.0.0.1:9/app')).rejects.toMatchObject({ code: 'network_failed' });
});

test('the base image is in the list of a fresh home, runs, and is the same bytes each time it is built', async () => {
  await using home = await imageHome();
  const baseImageDir = join(home.path, 'base');
  const digest = await buildBaseImage(baseImageDir);
  expect(await buildBaseImage(baseImageDir)).toBe(digest);
  await home.reopen({ baseImageDir });
  expect((await home.store.list()).images).toMatchObject([{ reference: 'docker.io/boxlite/base:latest', id: digest }]);
  const { layers, config } = await home.store.ready('boxlite/base');
  expect(config.cmd).toEqual(['sh']);
  const ran = spawnSync(
    'chroot',
    [layers[0] ?? '', '/bin/sh', '-c', 'id box && stat -c %a /tmp && /usr/bin/env echo ok'],
    { encoding: 'utf8' },
  );
  expect(ran.stdout).toBe('uid=1000(box) gid=1000(box) groups=1000(box)\n1777\nok\n');
  await expect(home.store.remove('boxlite/base')).rejects.toMatchObject({ code: 'invalid_state' });
  await expect(home.store.import(home.path, 'boxlite/base')).rejects.toMatchObject({ code: 'invalid_argument' });
  expect((await home.store.pull('boxlite/base:latest')).id).toBe(digest);
});

test('a base image that was never built says what to run', async () => {
  await using home = await imageHome({ baseImageDir: '/nonexistent' });
  await expect(home.store.ready('boxlite/base:latest')).rejects.toThrow(/npm run setup/);
});
