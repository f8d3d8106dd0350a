import { operations } from '@boxlite/api';
import { describe, expect, test } from 'vitest';
import type { MemoryBox } from '../testing/memory-box.ts';
import { type AskInit, type TestServer, testServer } from '../testing/test-server.ts';

const files = '/v1/default/boxes/a/files';
const octets = { 'content-type': 'application/octet-stream' };

async function withBox(): Promise<TestServer & { readonly box: MemoryBox }> {
  const server = testServer({ log: () => {} });
  const box = await server.backend.create({}, 'a');
  box.files.contents.set('/digits', Buffer.from('0123456789'));
  return { ...server, box };
}

test('a file is read whole, with its length and its time', async () => {
  const { ask } = await withBox();
  const response = await ask('GET', `${files}/content?path=/digits`);
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-length': '10',
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
    'last-modified': 'Thu, 01 Jan 1970 00:00:00 GMT',
  });
  expect(await response.text()).toBe('0123456789');
});

test.each([
  ['bytes=2-4', 'bytes 2-4/10', '234'],
  ['bytes=7-', 'bytes 7-9/10', '789'],
  ['bytes=8-99', 'bytes 8-9/10', '89'],
  ['bytes=-3', 'bytes 7-9/10', '789'],
  ['bytes=-99', 'bytes 0-9/10', '0123456789'],
])('%s is 206 with that part', async (range, contentRange, text) => {
  const { ask } = await withBox();
  const response = await ask('GET', `${files}/content?path=/digits`, { headers: { range } });
  expect([response.status, response.headers.get('content-range'), await response.text()]).toEqual([
    206,
    contentRange,
    text,
  ]);
});

test.each(['bytes=10-', 'bytes=99-100', 'bytes=-0'])('%s is 416 with the size', async (range) => {
  const { ask } = await withBox();
  const response = await ask('GET', `${files}/content?path=/digits`, { headers: { range } });
  expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */10']);
  await response.body?.cancel();
});

test.each([
  { range: 'bytes=1-2,4-5' },
  { range: 'lines=1-2' },
  { range: 'bytes=4-2' },
  { range: 'bytes=1-2', 'if-range': '"x"' },
])('%o is answered with the whole file', async (headers) => {
  const { ask } = await withBox();
  const response = await ask('GET', `${files}/content?path=/digits`, { headers: { ...headers } });
  expect([response.status, await response.text()]).toEqual([200, '0123456789']);
});

test('a file above the limit is 413 both ways, and a part of it may be had', async () => {
  const { ask, backend, box } = await withBox();
  backend.fileTransferMaxBytes = 4;
  expect((await ask('GET', `${files}/content?path=/digits`)).status).toBe(413);
  expect((await ask('GET', `${files}/content?path=/digits`, { headers: { range: 'bytes=0-3' } })).status).toBe(206);
  const put = (body: BodyInit): Promise<Response> =>
    ask('PUT', `${files}/content?path=/new`, { body, headers: octets });
  expect((await put('01234')).status).toBe(413);
  expect((await put(new Blob(['01', '234']).stream())).status).toBe(413);
  expect(box.files.contents.has('/new')).toBe(false);
});

test('a file is written as it comes, in its own media type', async () => {
  const { ask, box } = await withBox();
  const put = (query: string, init: AskInit): Promise<Response> => ask('PUT', `${files}/content?${query}`, init);
  expect((await put('path=/new&mode=755', { body: 'text', headers: octets })).status).toBe(204);
  expect(`${box.files.contents.get('/new')}`).toBe(`${new TextEncoder().encode('text')}`);
  expect((await put('path=/new&overwrite=false', { body: 'x', headers: octets })).status).toBe(409);
  expect((await put('path=/new&mode=0o8', { body: 'x', headers: octets })).status).toBe(400);
  expect((await put('path=/new', { body: 'x', headers: { 'content-type': 'text/plain' } })).status).toBe(415);
});

test('a body that breaks off, or comes too slowly, writes nothing', async () => {
  const slow = testServer({ pace: { windowMs: 20, bytes: 256 } });
  const box = await slow.backend.create({}, 'a');
  const never = new ReadableStream<Uint8Array>({ start: (into) => into.enqueue(Buffer.from('x')) });
  const late = await slow.ask('PUT', `${files}/content?path=/new`, { body: never, headers: octets });
  expect(late.status).toBe(408);
  const broken = new ReadableStream<Uint8Array>({ pull: (into) => into.error(new Error('gone')) });
  const cut = await slow.ask('PUT', `${files}/content?path=/new`, { body: broken, headers: octets });
  expect([cut.status, await cut.text()]).toEqual([400, expect.stringContaining('broke off')]);
  expect(box.files.contents.has('/new')).toBe(false);
});

test('a directory is a line of JSON for each entry, and its entries are not asked for before they are read', async () => {
  const { ask, box } = await withBox();
  box.files.contents.set('/dir', undefined);
  const response = await ask('GET', `${files}/entries?path=/`);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  const lines = (await response.text()).split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { name: 'digits', name_base64: null, type: 'file', size_bytes: 10, mode: 0o644, target: null },
    { name: 'dir', type: 'directory', modified_at: '1970-01-01T00:00:00.000Z' },
  ]);
  const many = await ask('GET', `${files}/entries?path=/many/100000000`);
  const reader = many.body?.getReader();
  const first = await reader?.read();
  expect(first?.value?.length).toBeLessThan(70_000);
  await reader?.cancel();
});

test('what is there is told, made and removed, and what is not is 404 with its path', async () => {
  const { ask } = await withBox();
  const status = async (method: string, path: string): Promise<number> => {
    const response = await ask(method, `${files}/${path}`);
    await response.body?.cancel();
    return response.status;
  };
  expect(await (await ask('GET', `${files}/entry?path=/digits&follow_symlinks=true`)).json()).toMatchObject({
    ...{ name: 'digits', size_bytes: 10 },
  });
  expect(await status('PUT', 'directory?path=/dir&parents=true&mode=700')).toBe(204);
  expect(await status('PUT', 'directory?path=/dir')).toBe(409);
  expect(await status('GET', 'content?path=/dir')).toBe(400);
  expect(await status('GET', 'entries?path=/digits')).toBe(400);
  expect(await status('DELETE', 'entry?path=/dir&recursive=true')).toBe(204);
  for (const path of ['content', 'entries', 'entry']) {
    const response = await ask('GET', `${files}/${path}?path=/dir`);
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining('/dir')]);
    expect(await status('GET', path)).toBe(400);
  }
  expect(await status('DELETE', 'entry?path=/dir')).toBe(404);
});

describe.each(['readFile', 'writeFile', 'listDirectory', 'statFile', 'removeFile', 'makeDirectory'])('%s', (id) => {
  test.each([
    ['image_failed', 422],
    ['invalid_state', 409],
    ['resource_exhausted', 429],
    ['storage_failed', 500],
    ['engine_failed', 503],
  ])('of a box that fails with %s is %i', async (code, status) => {
    const { ask } = await withBox();
    const { method = '', path = '' } = operations.find(({ operationId }) => operationId === id) ?? {};
    const target = path.replace('{prefix}', 'default').replace('{box_id}', 'a');
    const body = id === 'writeFile' ? { body: 'x', headers: octets } : {};
    const response = await ask(method, `${target}?path=/fails/${code}`, body);
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining('error')]);
  });
});
