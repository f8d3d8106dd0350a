import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageRegistryOptions, PullProgress } from 'boxlite/backend';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tarArchive, tarEntry } from '../tar/writer.ts';
import { faultyProxy } from '../testing/faulty-proxy.ts';
import { imageHome } from '../testing/image-home.ts';
import { startRegistry, type TestRegistry } from '../testing/registry.ts';
import { hostArchitecture, pushImage, pushManifest, testImage, testIndex } from '../testing/test-image.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

const layer = (...files: (readonly [string, string | Uint8Array])[]): Uint8Array =>
  tarArchive(files.map(([path, content]) => tarEntry({ path }, Buffer.from(content))));
const big = randomBytes(2_000_000);

test('an image is pulled, extracted, and ready without the registry after that', async () => {
  const config = {
    Env: ['A=b=c', 'E='],
    Entrypoint: ['/e'],
    Cmd: null,
    User: '5:6',
    StopSignal: 'SIGINT',
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/v': {} },
    Labels: { a: 'b' },
  };
  const image = testImage([layer(['a', 'one']), layer(['b', 'two'])], { config });
  await pushImage(registry, 'team/app', image, 'v1');
  await using home = await imageHome();
  const ready = await home.store.ready(`${registry.host}/team/app:v1`);
  expect(ready.info).toMatchObject({
    reference: `${registry.host}/team/app:v1`,
    repository: `${registry.host}/team/app`,
    tag: 'v1',
    id: image.manifest.descriptor.digest,
  });
  expect(ready.config).toEqual({
    entrypoint: ['/e'],
    cmd: [],
    env: { A: 'b=c', E: '' },
    workingDir: '/',
    user: '5:6',
    stopSignal: 'SIGINT',
    exposedPorts: ['80/tcp'],
    volumes: ['/v'],
    labels: { a: 'b' },
  });
  expect(
    await Promise.all(ready.layers.map((path, number) => readFile(join(path, 'ab'[number] ?? ''), 'utf8'))),
  ).toEqual(['one', 'two']);
  expect(await home.unfinished()).toEqual([]);
  const again = await (await home.reopen({ registries: [{ host: registry.host, transport: 'https' }] })).ready(
    ready.info.reference,
  );
  expect(again).toMatchObject({ info: ready.info, layers: ready.layers, config: ready.config });
  expect((await home.store.ready(image.manifest.descriptor.digest)).info).toEqual(ready.info);
});

test.each(['gzip', 'zstd', 'none'] as const)('%s layers are pulled', async (compression) => {
  await pushImage(registry, 'packed', testImage([layer(['f', big], ['g', compression])], { compression }), compression);
  await using home = await imageHome();
  const { layers } = await home.store.ready(`${registry.host}/packed:${compression}`);
  expect(await readFile(join(layers[0] ?? '', 'f'))).toEqual(big);
});

test('of an index the manifest of this platform is taken, by tag and by digest', async () => {
  const other = hostArchitecture === 'amd64' ? 'arm64' : 'amd64';
  const images = {
    [other]: testImage([layer(['o', 'o'])], { architecture: other }),
    [hostArchitecture]: testImage([layer(['h', 'h'])]),
  };
  for (const image of Object.values(images)) await pushImage(registry, 'multi', image);
  const index = testIndex(images);
  await pushManifest(registry, 'multi', index, 'latest');
  await using home = await imageHome();
  const pulled = await home.store.pull(`${registry.host}/multi`);
  expect(pulled.id).toBe(images[hostArchitecture]?.manifest.descriptor.digest);
  const byDigest = await home.store.pull(`${registry.host}/multi@${index.descriptor.digest}`);
  expect(byDigest).toMatchObject({ id: pulled.id, tag: '', repository: `${registry.host}/multi` });
  const { [hostArchitecture]: _, ...others } = images;
  await pushManifest(registry, 'multi', testIndex(others), 'foreign');
  await expect(home.store.pull(`${registry.host}/multi:foreign`)).rejects.toThrow(`only for: linux/${other}`);
});

test('what a registry does not have is an ImageError with the next step', async () => {
  await using home = await imageHome();
  await expect(home.store.ready(`${registry.host}/nothing:3.99`)).rejects.toMatchObject({
    code: 'image_failed',
    message: `image not found: ${registry.host}/nothing:3.99 (registry ${registry.host} answered 404); pull another tag or boxlite images import`,
  });
});

test('names without a registry are looked for at the search registries in order', async () => {
  await using second = await startRegistry();
  await pushImage(second, 'found', testImage([layer(['second', '2'])]), 'latest');
  const registries = [registry, second].map(
    ({ host }): ImageRegistryOptions => ({ host, transport: 'http', search: true }),
  );
  await using home = await imageHome({ registries });
  expect((await home.store.ready('found')).info.reference).toBe(`${second.host}/found:latest`);
});

test("BoxLite's own images are never asked of Docker Hub, where anyone could have the name, but of a registry of the user's", async () => {
  await pushImage(registry, 'boxlite/browser', testImage([layer(['a', 'one'])]), 'latest');
  const searched = { host: registry.host, search: true, transport: 'http' } as const;
  await using hub = await faultyProxy(registry.host, () => 'pass');
  const mirrored = { host: 'docker.io', mirrors: [hub.host], transport: 'http' } as const;
  await using home = await imageHome({ registries: [mirrored] });
  await expect(home.store.ready('boxlite/browser')).rejects.toMatchObject({
    code: 'image_failed',
    message: expect.stringContaining('run boxlite images import DIR boxlite/browser'),
  });
  expect(hub.seen).toEqual([]);
  await using other = await imageHome({ registries: [searched] });
  expect((await other.store.ready('boxlite/browser')).info.reference).toBe(`${registry.host}/boxlite/browser:latest`);
});

test('a registry that cannot be reached ends the search with a NetworkError', async () => {
  const registries: ImageRegistryOptions[] = [{ host: '127.0.0.1:9', transport: 'http', search: true }];
  await using home = await imageHome({ registries });
  await expect(home.store.ready('found')).rejects.toMatchObject({
    code: 'network_failed',
    message: expect.stringContaining('127.0.0.1:9'),
  });
});

test('a blob whose connection breaks goes on where it stopped', async () => {
  await pushImage(registry, 'broken', testImage([layer(['b', big])]), 'latest');
  let cuts = 0;
  await using proxy = await faultyProxy(registry.host, (incoming) => {
    const wanted = incoming.url?.includes('/blobs/') === true && cuts < 6;
    return wanted ? { cutAfter: 100_000 * ++cuts } : 'pass';
  });
  const progress: PullProgress[] = [];
  await using home = await imageHome();
  await home.store.pull(`${proxy.host}/broken`, { onProgress: (each) => progress.push(each) });
  expect(proxy.seen.filter(({ range }) => range !== undefined).length).toBeGreaterThanOrEqual(3);
  const last = progress.at(-1);
  expect(last?.completedBytes).toBe(last?.totalBytes);
  expect(progress.map(({ completedBytes }) => completedBytes)).toEqual(
    progress.map(({ completedBytes }) => completedBytes).sort((a, b) => a - b),
  );
});

test('connections that break without a byte give up with a NetworkError, and nothing is left', async () => {
  await pushImage(registry, 'dead', testImage([layer(['b', big])]), 'latest');
  await using proxy = await faultyProxy(registry.host, (incoming, outgoing) => {
    if (!incoming.url?.includes('/blobs/')) return 'pass';
    outgoing.destroy();
    return 'answered';
  });
  await using home = await imageHome();
  await expect(home.store.pull(`${proxy.host}/dead`)).rejects.toMatchObject({ code: 'network_failed' });
  expect([await home.layers(), await home.unfinished(), (await home.store.list()).images]).toEqual([[], [], []]);
});

test.each([
  ['other bytes', (size: number) => randomBytes(size), /is damaged/],
  ['more bytes', (size: number) => randomBytes(size + 1), /is longer than its/],
])('a blob of %s than the manifest says is refused', async (_name, bytes, message) => {
  const image = testImage([layer(['l', randomBytes(1000)])]);
  await pushImage(registry, 'lying', image, 'latest');
  const blob = image.blobs[1];
  await using proxy = await faultyProxy(registry.host, (incoming, outgoing) => {
    if (!incoming.url?.endsWith(blob?.descriptor.digest ?? '')) return 'pass';
    outgoing.end(bytes(blob?.bytes.length ?? 0));
    return 'answered';
  });
  await using home = await imageHome();
  await expect(home.store.pull(`${proxy.host}/lying`)).rejects.toThrow(message);
  expect(await home.layers()).toEqual([]);
});

test('a layer that is not what the configuration says is refused', async () => {
  await pushImage(
    registry,
    'mixed',
    testImage([layer(['a', 'a'])], { diffIds: [`sha256:${'1'.repeat(64)}`] }),
    'latest',
  );
  await using home = await imageHome();
  await expect(home.store.pull(`${registry.host}/mixed`)).rejects.toThrow(/is not what its configuration says/);
});

test('pulls of the same image, and of images that share a base, fetch each layer once', async () => {
  const base = layer(['base', big]);
  await pushImage(registry, 'one', testImage([base, layer(['1', '1'])]), 'latest');
  await pushImage(registry, 'two', testImage([base, layer(['2', '2'])]), 'latest');
  await using proxy = await faultyProxy(registry.host, () => 'pass');
  await using home = await imageHome();
  const results = await Promise.all(
    ['one', 'one', 'two', 'one'].map((name) => home.store.ready(`${proxy.host}/${name}`)),
  );
  expect(results[0]?.layers).toEqual(results[1]?.layers);
  expect(results[0]?.layers[0]).toBe(results[2]?.layers[0]);
  expect(proxy.seen.filter(({ url }) => url.includes('/blobs/'))).toHaveLength(5);
  expect(await home.layers()).toHaveLength(3);
});

test('one caller that aborts does not stop the pull of another; when all have, nothing is left', async () => {
  await pushImage(registry, 'slow', testImage([layer(['s', big])]), 'latest');
  const held: (() => void)[] = [];
  await using proxy = await faultyProxy(registry.host, (incoming, outgoing) => {
    if (!incoming.url?.includes('/blobs/') || held.length > 0) return 'pass';
    held.push(() => outgoing.destroy());
    return 'answered';
  });
  await using home = await imageHome();
  const reason = new Error('not needed');
  const first = new AbortController();
  const pulls = [
    home.store.pull(`${proxy.host}/slow`, { signal: first.signal }),
    home.store.pull(`${proxy.host}/slow`),
  ];
  await expect.poll(() => held.length).toBe(1);
  first.abort(reason);
  await expect(pulls[0]).rejects.toBe(reason);
  held[0]?.();
  await expect(pulls[1]).resolves.toMatchObject({ tag: 'latest' });
});

test('an aborted pull does not take another image with the same lower layers along', async () => {
  const shared = [layer(['low', big]), layer(['high', 'h'])];
  await pushImage(registry, 'left', testImage([...shared, layer(['l', 'l'])]), 'latest');
  await pushImage(registry, 'right', testImage([...shared, layer(['r', 'r'])]), 'latest');
  const lowest = testImage(shared).blobs[1]?.descriptor.digest ?? '';
  const held: (() => void)[] = [];
  await using proxy = await faultyProxy(registry.host, (incoming, outgoing) => {
    if (!incoming.url?.endsWith(lowest) || held.length > 0) return 'pass';
    held.push(() => outgoing.destroy());
    return 'answered';
  });
  await using home = await imageHome();
  const controller = new AbortController();
  const left = home.store.pull(`${proxy.host}/left`, { signal: controller.signal });
  const aborted = expect(left).rejects.toThrow('not needed');
  await expect.poll(() => held.length).toBe(1);
  const right = home.store.ready(`${proxy.host}/right`);
  await expect.poll(() => proxy.seen.filter(({ url }) => url.includes('/right/')).length).toBeGreaterThan(2);
  controller.abort(new Error('not needed'));
  await aborted;
  held[0]?.();
  expect((await right).layers).toHaveLength(3);
});

test('closing the store stops a pull and leaves nothing', async () => {
  await pushImage(registry, 'closed', testImage([layer(['s', big])]), 'latest');
  let asked = false;
  await using proxy = await faultyProxy(registry.host, (incoming) => {
    if (!incoming.url?.includes('/blobs/')) return 'pass';
    asked = true;
    return 'answered';
  });
  await using home = await imageHome();
  const pull = home.store.pull(`${proxy.host}/closed`);
  await expect.poll(() => asked).toBe(true);
  await Promise.all([home.store.close(), expect(pull).rejects.toMatchObject({ code: 'stopped' })]);
  await expect(home.store.list()).rejects.toMatchObject({ code: 'stopped' });
});

test('an artifact that is no image, and a manifest that is malformed, are refused with what they are', async () => {
  await using home = await imageHome();
  const answers: [object, RegExp][] = [
    [{ schemaVersion: 1, fsLayers: [] }, /schema 1/],
    [
      {
        schemaVersion: 2,
        layers: [],
        config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest: `sha256:${'0'.repeat(64)}`, size: 1 },
      },
      /artifact of type application\/vnd\.cncf\.helm/,
    ],
    [{ schemaVersion: 2, layers: 'x' }, /is malformed/],
  ];
  for (const [body, message] of answers) {
    await using server = await faultyProxy(registry.host, (_incoming, outgoing) => {
      outgoing.end(JSON.stringify(body));
      return 'answered';
    });
    await expect(home.store.pull(`${server.host}/x`)).rejects.toThrow(message);
  }
});
