import { boxMetrics, imageInfo, listImagesResponse, read, runtimeMetrics, sandboxConfig } from '@boxlite/api';
import { expect, test } from 'vitest';
import { testServer } from '../testing/test-server.ts';

const images = '/v1/default/images';

test('an image is pulled, listed in pages, and found by its digest', async () => {
  const { ask } = testServer();
  const pulled = read(imageInfo, await (await ask('POST', `${images}/pull`, { json: { reference: 'alpine' } })).json());
  await ask('POST', `${images}/pull`, { json: { reference: 'debian' } });
  const page = read(listImagesResponse, await (await ask('GET', `${images}?pageSize=1`)).json());
  expect(page).toEqual({ images: [pulled], next_page_token: expect.any(String) });
  for (const digest of [pulled.id, encodeURIComponent(pulled.id)]) {
    expect(await (await ask('GET', `${images}/${digest}`)).json()).toEqual({ ...pulled, platform: 'linux/amd64' });
    expect((await ask('HEAD', `${images}/${digest}`)).status).toBe(204);
  }
});

test('an image that is not there is 404, one that cannot be pulled 422', async () => {
  const { ask } = testServer();
  for (const digest of [`sha256:${'f'.repeat(64)}`, 'sha256:x', 'alpine', '..%2f..']) {
    expect((await ask('GET', `${images}/${digest}`)).status).toBe(404);
    expect((await ask('HEAD', `${images}/${digest}`)).status).toBe(404);
  }
  const failed = await ask('POST', `${images}/pull`, { json: { reference: 'missing' } });
  expect(await failed.json()).toMatchObject({ error: { type: 'ImageError', code: 'image_pull_failed' } });
  expect((await ask('POST', `${images}/pull`, { json: {} })).status).toBe(400);
  expect((await ask('GET', `${images}/pull`)).status).toBe(405);
});

test('images that no box has are removed, less those to keep, in the words of the wire', async () => {
  const { ask } = testServer();
  for (const reference of ['alpine', 'debian']) await ask('POST', `${images}/pull`, { json: { reference } });
  const pruned = await ask('POST', `${images}/prune`, { json: { older_than_seconds: 0, keep: ['debian'] } });
  expect(await pruned.json()).toEqual({ removed: ['alpine'], freed_bytes: 1 });
  expect((await ask('POST', `${images}/prune`, { json: { older_than_seconds: -1 } })).status).toBe(400);
});

test('the configuration is public and in the words of the wire', async () => {
  const { ask } = testServer();
  const response = await ask('GET', '/v1/config', { headers: { authorization: '' } });
  const config = read(sandboxConfig, await response.json());
  expect(config.capabilities).toMatchObject({ max_cpus: 32, exec_timeout_max_seconds: 3600, tty_enabled: true });
  expect(config.defaults).toMatchObject({ cpus: 1, security_preset: 'standard', auto_remove: true });
});

test('metrics are in the words of the wire, and a gauge that is not known is absent', async () => {
  const { ask, backend } = testServer();
  await backend.create({}, 'a');
  const runtime = await (await ask('GET', '/v1/default/metrics')).json();
  expect(read(runtimeMetrics, runtime)).toMatchObject({ boxes_created_total: 1, num_running_boxes: 0 });
  const one = read(boxMetrics, await (await ask('GET', '/v1/default/boxes/a/metrics')).json());
  expect(one).toMatchObject({ cpu_percent: 12.5, boot_timing: { total_create_ms: 3 } });
  expect(one).not.toHaveProperty('memory_bytes', expect.anything());
});

test('an image is imported from a tar within the limit, and removed by digest or reference', async () => {
  const { ask, backend } = testServer();
  const tar = { 'content-type': 'application/x-tar' };
  const imported = async (
    reference: string,
    body: BodyInit,
    headers: Record<string, string> = tar,
  ): Promise<Response> => ask('POST', `${images}/import?reference=${encodeURIComponent(reference)}`, { body, headers });
  const image = read(imageInfo, await (await imported('team/tools:1', 'image')).json());
  expect(image.reference).toBe('team/tools:1');
  expect((await imported('x', 'no image')).status).toBe(422);
  expect((await imported('', 'image')).status).toBe(400);
  expect((await imported('x', 'image', { 'content-type': 'text/plain' })).status).toBe(415);
  const broken = new ReadableStream<Uint8Array>({ pull: (into) => into.error(new Error('gone')) });
  expect((await imported('x', broken)).status).toBe(400);
  expect((await ask('DELETE', `${images}/${encodeURIComponent('team/tools:1')}`)).status).toBe(204);
  expect((await ask('DELETE', `${images}/${image.id}`)).status).toBe(404);
  await imported('used', 'image');
  expect((await ask('DELETE', `${images}/used`)).status).toBe(409);
  backend.fileTransferMaxBytes = 4;
  expect((await imported('x', 'image')).status).toBe(413);
  expect((await imported('x', new Blob(['image']).stream())).status).toBe(413);
});
