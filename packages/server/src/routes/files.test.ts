import { expect, test } from 'vitest';
import { type TestServer, testServer } from '../testing/test-server.ts';

const files = '/v1/default/boxes/a/files';
const headers = { 'content-type': 'application/x-tar' };

async function withBox(): Promise<TestServer> {
  const server = testServer();
  await server.backend.create({}, 'a');
  return server;
}

test('an archive is handed on with its path and whether to overwrite', async () => {
  const { ask, backend } = await withBox();
  const response = await ask('PUT', `${files}?path=/srv/a%20b%2Bc&overwrite=false`, {
    body: new Uint8Array(512),
    headers,
  });
  expect(response.status).toBe(204);
  expect(backend.boxes[0]?.uploads).toEqual([{ path: '/srv/a b+c', overwrite: false, bytes: 512 }]);
});

test.each([
  ['without a path', files, headers, 400],
  ['with an empty path', `${files}?path=`, headers, 400],
  ['with a NUL in the path', `${files}?path=%00`, headers, 400],
  ['as another type', `${files}?path=/`, { 'content-type': 'application/gzip' }, 415],
  ['to a box that is missing', files.replace('/a/', '/b/').concat('?path=/'), headers, 404],
])('an upload %s is refused', async (_what, path, given, status) => {
  const { ask } = await withBox();
  expect((await ask('PUT', path, { body: new Uint8Array(512), headers: given })).status).toBe(status);
});

test('an archive above the limit is 413 and its upload fails, whether its length is told or counted', async () => {
  const { ask, backend } = await withBox();
  backend.fileTransferMaxBytes = 1000;
  const told = await ask('PUT', `${files}?path=/`, {
    body: new Uint8Array(1001),
    headers: { ...headers, 'content-length': '1001' },
  });
  expect(told.status).toBe(413);
  const counted = await ask('PUT', `${files}?path=/`, { body: new Blob([new Uint8Array(1001)]).stream(), headers });
  expect(counted.status).toBe(413);
  expect(await counted.json()).toMatchObject({ error: { type: 'PayloadTooLargeError', code: 'payload_too_large' } });
  expect(backend.boxes[0]?.uploads.at(-1)?.error).toBeDefined();
  const exact = await ask('PUT', `${files}?path=/`, { body: new Blob([new Uint8Array(1000)]).stream(), headers });
  expect(exact.status).toBe(204);
});

test('a download above the limit breaks off: no client takes a part for the whole', async () => {
  const { ask, backend } = await withBox();
  backend.fileTransferMaxBytes = 102_400;
  expect((await (await ask('GET', `${files}?path=/bytes/102400`)).arrayBuffer()).byteLength).toBe(102_400);
  const response = await ask('GET', `${files}?path=/bytes/102401`);
  await expect(response.arrayBuffer()).rejects.toThrow('larger than 102400 bytes');
});

test('a path is downloaded as a tar; one that is missing is 404 in the envelope', async () => {
  const { ask } = await withBox();
  const response = await ask('GET', `${files}?path=/bytes/102400`);
  expect(response.headers.get('content-type')).toBe('application/x-tar');
  expect((await response.arrayBuffer()).byteLength).toBe(102_400);
  const missing = await ask('GET', `${files}?path=/nothing`);
  expect(await missing.json()).toMatchObject({ error: { type: 'NotFoundError', code: 'not_found' } });
  expect((await ask('GET', files)).status).toBe(400);
  expect((await ask('GET', `${files}?path=/&follow_symlinks=perhaps`)).status).toBe(400);
});
