import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tarArchive, tarEntry } from '../../tar/writer.ts';
import { type TestAuthority, testAuthority } from '../../testing/authority.ts';
import { faultyProxy } from '../../testing/faulty-proxy.ts';
import { imageHome } from '../../testing/image-home.ts';
import { startRegistry, type TestRegistry, testUser } from '../../testing/registry.ts';
import { hostArchitecture, pushImage, pushManifest, testImage, testIndex } from '../../testing/test-image.ts';
import { startTokenServer } from '../../testing/token-server.ts';

let registry: TestRegistry;
let authority: TestAuthority;
const image = testImage([tarArchive([tarEntry({ path: 'a' }, Buffer.from('one'))])]);
beforeAll(async () => {
  [registry, authority] = await Promise.all([startRegistry(), testAuthority()]);
  await pushImage(registry, 'team/app', image, 'v1');
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await authority[Symbol.asyncDispose]();
});

test('a registry that wants tokens of a service gets one for the repository, asked for with the credentials', async () => {
  const basic = `Basic ${Buffer.from(`${testUser.username}:${testUser.password}`).toString('base64')}`;
  await using server = await startTokenServer(authority, basic);
  await using guarded = await startRegistry({ data: registry.data, tokens: { server, authority } });
  await using home = await imageHome({ registries: [{ host: guarded.host, transport: 'http', auth: testUser }] });
  expect((await home.store.pull(`${guarded.host}/team/app:v1`)).id).toBe(image.manifest.descriptor.digest);
  expect(server.asked).toEqual([{ scope: 'repository:team/app:pull', authorization: basic }]);
  await home.reopen({ registries: [{ host: guarded.host, transport: 'http' }] });
  await expect(home.store.pull(`${guarded.host}/team/app:v1`)).rejects.toThrow(/set auth for 127\.0\.0\.1/);
});

test('an https registry is trusted by its CA file, or by skipVerify, and else refused with the reason', async () => {
  await using secure = await startRegistry({ data: registry.data, tls: authority });
  const { host } = secure;
  await using home = await imageHome({ registries: [{ host }] });
  await expect(home.store.pull(`${host}/team/app:v1`)).rejects.toMatchObject({
    code: 'network_failed',
    message: expect.stringMatching(/certificate/),
  });
  for (const trust of [{ caFile: authority.caFile }, { skipVerify: true }]) {
    await home.reopen({ registries: [{ host, ...trust }] });
    expect((await home.store.pull(`${host}/team/app:v1`)).id).toBe(image.manifest.descriptor.digest);
  }
});

test('skipVerify is of one registry alone, and one whose certificate is not trusted is passed over as a mirror', async () => {
  await using secure = await startRegistry({ data: registry.data, tls: authority });
  await using other = await startRegistry({ data: registry.data, tls: authority });
  const host = `${secure.host}`;
  await using home = await imageHome({ registries: [{ host, mirrors: [other.host], skipVerify: true }] });
  expect((await home.store.pull(`${host}/team/app:v1`)).id).toBe(image.manifest.descriptor.digest);
  await home.reopen({
    registries: [
      { host: other.host, mirrors: [host] },
      { host, skipVerify: true },
    ],
  });
  expect((await home.store.pull(`${other.host}/team/app:v1`)).id).toBe(image.manifest.descriptor.digest);
});

test('a CA file that is missing or no certificate says so', async () => {
  await using home = await imageHome();
  const host = '127.0.0.1:9';
  await writeFile(join(home.path, 'text'), 'hello');
  for (const [caFile, message] of [
    ['/nonexistent/ca.pem', /caFile \/nonexistent\/ca\.pem cannot be read/],
    [join(home.path, 'text'), /has no certificate/],
  ] as const) {
    await home.reopen({ registries: [{ host, caFile }] });
    await expect(home.store.pull(`${host}/x`)).rejects.toThrow(message);
  }
});

test('mirrors are asked first, in order; those that fail, lack something or break are passed over', async () => {
  await using empty = await startRegistry();
  const big = testImage([tarArchive([tarEntry({ path: 'big' }, Buffer.alloc(300_000, 'x'))])], { compression: 'none' });
  await pushImage(registry, 'mirrored', big, 'latest');
  await using breaking = await faultyProxy(registry.host, (incoming, outgoing) => {
    if (incoming.url?.includes('/manifests/')) return 'pass';
    if (incoming.headers.range === undefined) return { cutAfter: 100_000 };
    outgoing.destroy();
    return 'answered';
  });
  await using whole = await faultyProxy(registry.host, () => 'pass');
  const mirrors = ['127.0.0.1:9', empty.host, breaking.host];
  await using home = await imageHome({
    registries: [{ host: whole.host, transport: 'http', mirrors }],
    network: { retryBaseMs: 1 },
  });
  const pulled = await home.store.pull(`${whole.host}/mirrored`);
  expect(pulled).toMatchObject({ reference: `${whole.host}/mirrored:latest`, id: big.manifest.descriptor.digest });
  expect(whole.seen.filter(({ url }) => url.includes('/manifests/'))).toEqual([]);
  // What the mirror sent before it broke is not fetched again.
  expect(whole.seen.map(({ range }) => range).filter((range) => range !== undefined)).toEqual(['bytes=100000-']);
});

test('a platform is chosen by name, and what is not one is refused', async () => {
  const foreign = hostArchitecture === 'arm64' ? 'riscv64' : 'arm64';
  const images = {
    [foreign]: testImage([tarArchive([tarEntry({ path: 'f' })])], { architecture: foreign }),
    [hostArchitecture]: image,
  };
  for (const each of Object.values(images)) await pushImage(registry, 'multi', each);
  await pushManifest(registry, 'multi', testIndex(images), 'latest');
  await using home = await imageHome();
  const name = `${registry.host}/multi`;
  const pulled = await home.store.pull(name, { platform: `linux/${foreign}` });
  expect(pulled.id).toBe(images[foreign]?.manifest.descriptor.digest);
  expect((await home.store.get(pulled.id))?.platform).toBe(`linux/${foreign}`);
  expect((await home.store.pull(name)).id).toBe(image.manifest.descriptor.digest);
  await expect(home.store.pull(name, { platform: 'linux/s390x' })).rejects.toThrow(/only for: linux\//);
  await expect(home.store.pull(name, { platform: 'arm64' })).rejects.toMatchObject({ code: 'invalid_argument' });
});
