import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
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

test('pruning removes what no box has and nobody spared, and tells what it freed', async () => {
  const used = new Set<string>();
  await using home = await imageHome({ inUse: (digest) => used.has(digest) });
  for (const name of ['one', 'two', 'kept', 'used']) await importTar(home, name, name);
  used.add((await importTar(home, 'used', 'used')).id);
  expect(await home.store.prune({ olderThanMs: 60_000 })).toEqual({ removed: [], freedBytes: 0 });
  const { removed, freedBytes } = await home.store.prune({ keep: ['kept'] });
  expect(removed).toEqual(['docker.io/library/one:latest', 'docker.io/library/two:latest']);
  expect(freedBytes).toBeGreaterThan(1000);
  expect(await home.layers()).toHaveLength(2);
  expect(await home.store.prune({ keep: ['kept'] })).toEqual({ removed: [], freedBytes: 0 });
  await expect(home.store.prune({ olderThanMs: Number.NaN })).rejects.toMatchObject({ code: 'invalid_argument' });
});

test('an image that a box is being made of is neither removed nor pruned until it is let go', async () => {
  await using home = await imageHome();
  const { id } = await importTar(home, 'app', 'app');
  const [first, second] = [await home.store.ready('app'), await home.store.ready(id)];
  expect((await home.store.prune()).removed).toEqual([]);
  await expect(home.store.remove('app')).rejects.toMatchObject({ code: 'invalid_state' });
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect((await home.store.prune()).removed).toEqual([]);
  second[Symbol.dispose]();
  expect((await home.store.prune()).removed).toEqual(['docker.io/library/app:latest']);
  expect(await home.layers()).toEqual([]);
});

test('a prune beside the making of boxes leaves each with an image that is whole', async () => {
  await using home = await imageHome();
  for (let round = 0; round < 20; round++) {
    await importTar(home, 'app', `${round}`);
    const [made] = await Promise.allSettled([home.store.ready('app'), home.store.prune()]);
    if (made.status === 'fulfilled') {
      for (const layer of made.value.layers) expect(existsSync(join(layer, 'etc/name'))).toBe(true);
      made.value[Symbol.dispose]();
    } else expect(made.reason).toMatchObject({ name: expect.stringMatching(/ImageError|NetworkError/) });
    await home.store.prune();
  }
});

test('what a sweep that was killed half way left behind is removed by the next', async () => {
  await using home = await imageHome();
  await importTar(home, 'app', 'app');
  const layers = await home.layers();
  await mkdir(join(home.path, 'images/layers', 'f'.repeat(32), 'half'), { recursive: true });
  await home.store.prune({ keep: ['app'] });
  expect(await home.layers()).toEqual(layers);
});

test('a layer that cannot be deleted yet fails neither the removal of its image nor a prune, and goes with the next', async () => {
  let broken = true;
  const removeTree = async (path: string): Promise<void> => {
    if (broken && path.includes('/layers/')) throw new Error('the disk is busy');
    await rm(path, { recursive: true, force: true });
  };
  await using home = await imageHome({ owners: { removeTree, idShift: 0, give: async () => {} } });
  for (const name of ['one', 'two', 'three']) await importTar(home, name, name);
  await home.store.remove('one');
  await expect(home.store.remove('one')).rejects.toMatchObject({ code: 'not_found' });
  expect(await home.store.prune({ keep: ['three'] })).toEqual({
    removed: ['docker.io/library/two:latest'],
    freedBytes: 0,
  });
  expect(await home.layers()).toHaveLength(3);
  broken = false;
  expect((await home.store.prune({ keep: ['three'] })).removed).toEqual([]);
  expect(await home.layers()).toHaveLength(1);
});

test('names that cannot all be removed all stay', async () => {
  await using home = await imageHome();
  const { id } = await importTar(home, 'one', 'same');
  await importTar(home, 'two', 'same');
  const database = new DatabaseSync(join(home.path, 'boxlite.db'));
  database.exec(`CREATE TRIGGER stuck BEFORE DELETE ON image_names WHEN OLD.reference LIKE '%two%'
    BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`);
  await expect(home.store.remove(id)).rejects.toMatchObject({ code: 'storage_failed' });
  expect((await home.store.list()).images).toHaveLength(2);
  database.exec('DROP TRIGGER stuck');
  database.close();
  await home.store.remove(id);
  expect((await home.store.list()).images).toEqual([]);
});

test('a call with an aborted signal rejects with its reason and does nothing', async () => {
  await using home = await imageHome();
  const { id } = await importTar(home, 'app', 'app');
  const call = { signal: AbortSignal.abort(new Error('enough')) };
  for (const ask of [
    () => home.store.list({}, call),
    () => home.store.get(id, call),
    () => home.store.remove('app', call),
    () => home.store.prune({}, call),
    () => home.store.pull('app', call),
    () => home.store.import(home.path, 'x', call),
  ]) {
    await expect(ask()).rejects.toThrow('enough');
  }
  expect(await home.store.get(id)).toMatchObject({ id, platform: expect.stringMatching(/^linux\//) });
});

test('images of the first version of the tables are still known', async () => {
  await using home = await imageHome();
  await importTar(home, 'app', 'app');
  await home.store.close();
  const database = new DatabaseSync(join(home.path, 'boxlite.db'));
  database.exec('ALTER TABLE images DROP COLUMN details; ALTER TABLE images DROP COLUMN used_at');
  database.exec(`UPDATE images SET config = json_remove(config, '$.labels', '$.exposedPorts')`);
  database.close();
  await home.reopen();
  const { config } = await home.store.ready('app');
  expect(config).toMatchObject({ labels: {}, exposedPorts: [], cmd: ['/bin/sh'] });
});
