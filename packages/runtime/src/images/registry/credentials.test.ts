import { afterAll, beforeAll, expect, test } from 'vitest';
import { tarArchive, tarEntry } from '../../tar/writer.ts';
import { faultyProxy } from '../../testing/faulty-proxy.ts';
import { imageHome } from '../../testing/image-home.ts';
import { startRegistry, type TestRegistry, testUser } from '../../testing/registry.ts';
import { pushImage, testImage } from '../../testing/test-image.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

const layer = (path: string, content: string): Uint8Array => tarArchive([tarEntry({ path }, Buffer.from(content))]);

test('basic credentials open a registry that asks for them, and others are refused', async () => {
  await using guarded = await startRegistry({ basicAuth: true });
  await pushImage(guarded, 'secret', testImage([layer('s', 's')]), 'latest');
  await using home = await imageHome({ registries: [{ host: guarded.host, transport: 'http', auth: testUser }] });
  await home.store.pull(`${guarded.host}/secret`);
  await home.reopen({ registries: [{ host: guarded.host, transport: 'http', auth: { ...testUser, password: 'no' } }] });
  await expect(home.store.pull(`${guarded.host}/secret`)).rejects.toThrow(/answered 401.*set auth for 127\.0\.0\.1/);
});

test('a token service is asked for a token as the challenge says, once', async () => {
  await pushImage(registry, 'tokened', testImage([layer('t', 't'), layer('u', 'u')]), 'latest');
  const asked: string[] = [];
  await using proxy = await faultyProxy(registry.host, (incoming, outgoing) => {
    if (incoming.url?.startsWith('/token')) {
      asked.push(`${incoming.url} ${incoming.headers.authorization}`);
      outgoing.end(JSON.stringify({ token: 'sesame' }));
      return 'answered';
    }
    if (incoming.headers.authorization === 'Bearer sesame') return 'pass';
    const realm = `http://${incoming.headers.host}/token?a=b`;
    outgoing.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="reg,istry",scope="x"` }).end();
    return 'answered';
  });
  await using home = await imageHome({ registries: [{ host: proxy.host, transport: 'http', auth: testUser }] });
  await home.store.pull(`${proxy.host}/tokened`);
  const basic = `Basic ${Buffer.from('box:s3cret').toString('base64')}`;
  expect(asked).toEqual([`/token?a=b&service=reg%2Cistry&scope=repository%3Atokened%3Apull ${basic}`]);
});

test('a redirect to another host does not carry the credentials along', async () => {
  await pushImage(registry, 'moved', testImage([layer('m', 'moved')]), 'latest');
  await using storage = await faultyProxy(registry.host, () => 'pass');
  await using proxy = await faultyProxy(registry.host, (incoming, outgoing) => {
    if (incoming.headers.authorization === undefined) {
      outgoing.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      return 'answered';
    }
    if (!incoming.url?.includes('/blobs/')) return 'pass';
    outgoing.writeHead(307, { location: `http://${storage.host}${incoming.url}` }).end();
    return 'answered';
  });
  await using home = await imageHome({ registries: [{ host: proxy.host, transport: 'http', auth: testUser }] });
  await home.store.pull(`${proxy.host}/moved`);
  expect(storage.seen).toHaveLength(2);
  expect(storage.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
});
