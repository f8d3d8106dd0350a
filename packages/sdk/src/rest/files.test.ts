import { createServer, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiKeyCredential, type Box, Boxlite } from '../index.ts';

const entry = {
  ...{ name: 'a', name_base64: null, type: 'file', size_bytes: 0, mode: 420, uid: 0, gid: 0 },
  ...{ modified_at: '2026-11-26T17:54:09.491Z', target: null },
};
let listing: (answer: ServerResponse) => void;
let reading: (answer: ServerResponse) => void;
let size = 0;
const server = createServer((request, answer) => {
  if (request.url?.includes('/files/content')) return reading(answer);
  if (request.url?.includes('/files/entry?'))
    return answer.setHeader('content-type', 'application/json').end(JSON.stringify({ ...entry, size_bytes: size }));
  if (request.url?.includes('/files/entries')) return listing(answer);
  const here = { box_id: 'B', status: 'running', capabilities: { files_enabled: true } };
  answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...told, ...here }));
});
const told = {
  ...{ name: null, created_at: entry.modified_at, updated_at: entry.modified_at, pid: null, image: 'x', cpus: 1 },
  ...{ memory_mib: 512, auto_remove: false, labels: {} },
};
let box: Box;
let list: () => Promise<readonly { readonly name: string }[]>;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const runtime = Boxlite.rest({ url: `http://127.0.0.1:${address.port}`, credential: new ApiKeyCredential('key') });
  const found: Box | null = await runtime.get('B');
  if (!found) throw new Error('the box is not there');
  box = found;
  list = () => Array.fromAsync(box.files.list('/'));
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

test.each(['../up', '/etc', '..', '.', '', 'a\0b'])(
  'a server that lists %j as a name is not believed',
  async (name) => {
    listing = (answer) => answer.end(`${JSON.stringify({ ...entry, name })}\n`);
    await expect(list()).rejects.toMatchObject({ code: 'internal' });
  },
);

test('a listing is given as it comes, however long it is', async () => {
  const rest = Promise.withResolvers<void>();
  listing = async (answer) => {
    answer.setHeader('content-type', 'application/x-ndjson').write(`${JSON.stringify({ ...entry, name: 'first' })}\n`);
    await rest.promise;
    answer.end(`${JSON.stringify({ ...entry, name: 'last' })}\n`);
  };
  const names: string[] = [];
  for await (const { name } of box.files.list('/')) {
    names.push(name);
    rest.resolve();
  }
  expect(names).toEqual(['first', 'last']);
});

test('names are what they are, and a line without an end is an error and no memory', async () => {
  const names = ['...', ' ', 'a\nb', '\\', '..a'];
  listing = (answer) => answer.end(names.map((name) => `${JSON.stringify({ ...entry, name })}\n`).join(''));
  expect((await list()).map(({ name }) => name)).toEqual(names);
  listing = (answer) => {
    let left = 64;
    const more = (): void => {
      while (left-- > 0) if (!answer.write('x'.repeat(64 * 1024))) return void answer.once('drain', more);
      answer.end();
    };
    more();
  };
  await expect(list()).rejects.toThrow('a line without an end');
});

test.each([
  [{ ...entry, mode: '644', size_bytes: -1 }, 'size_bytes: must be at least 0; mode: must be a whole number'],
  [[], 'must be an object'],
  [{ ...entry, name: undefined }, 'name: must be text'],
])('a line that is no file, %j, is told in words', async (line, words) => {
  listing = (answer) => answer.end(`${JSON.stringify(line)}\n`);
  await expect(list()).rejects.toMatchObject({
    code: 'internal',
    message: `the server listed what is no file: ${words}`,
  });
});

/** What is read of a file whose content is the ten digits, asked from 2 on for 3. */
async function read(
  status: number,
  headers: OutgoingHttpHeaders,
  body: string | Buffer,
  range: { readonly offset?: number; readonly length?: number } = { offset: 2, length: 3 },
): Promise<string> {
  size = 10;
  const modified = { 'last-modified': 'Thu, 26 Nov 2026 17:54:09 GMT' };
  reading = (answer) => {
    answer.writeHead(status, { ...modified, ...headers }).write(body);
    // What says more than it brings is cut off.
    if (Number(headers['content-length'] ?? 0) > body.length) answer.destroy();
    else answer.end();
  };
  return new Response(await box.files.readStream('/f', range)).text();
}

const digits = '0123456789';

test.each<[what: string, status: number, headers: OutgoingHttpHeaders, body: string]>([
  ['another range', 206, { 'content-range': 'bytes 3-5/10' }, '345'],
  ['a shorter range than there is', 206, { 'content-range': 'bytes 2-3/10' }, '23'],
  ['a longer range', 206, { 'content-range': 'bytes 2-6/10' }, '23456'],
  ['a range that ends before it begins', 206, { 'content-range': 'bytes 2-1/2' }, ''],
  ['no range', 206, {}, '234'],
  ['a range of an unknown file', 206, { 'content-range': 'bytes 2-4/*' }, '234'],
  ['several ranges', 206, { 'content-type': 'multipart/byteranges; boundary=x' }, '--x--'],
  ['a range of something compressed', 206, { 'content-range': 'bytes 2-4/10', 'content-encoding': 'zstd-x' }, '234'],
  ['a length that is not that of the range', 206, { 'content-range': 'bytes 2-4/10', 'content-length': 2 }, '23'],
  ['more than the range', 206, { 'content-range': 'bytes 2-4/10' }, '2345'],
  ['a status that is none of content', 203, { 'content-length': 10 }, digits],
  ['a refusal of a range that is there', 416, {}, ''],
])('a server that answers with %s is an error, never other bytes', async (_what, status, headers, body) => {
  await expect(read(status, headers, body)).rejects.toMatchObject({ code: 'internal' });
});

test.each<[what: string, status: number, headers: OutgoingHttpHeaders, body: string]>([
  ['a range', 206, { 'content-range': 'bytes 2-4/10' }, '23'],
  ['a range with its length', 206, { 'content-range': 'bytes 2-4/10', 'content-length': 3 }, '23'],
  ['a whole file', 200, { 'content-length': 10 }, '0123'],
  ['a whole file of unknown length', 200, {}, '0123'],
])('%s that breaks off is a network error', async (_what, status, headers, body) => {
  await expect(read(status, headers, body)).rejects.toMatchObject({ code: 'network_failed' });
});

test('a part is cut from a whole file where the server or a proxy gives no parts, whatever the proxy did to it', async () => {
  expect(await read(206, { 'content-range': 'bytes 2-4/10', 'content-length': 3 }, '234')).toBe('234');
  expect(await read(200, { 'content-length': 10 }, digits)).toBe('234');
  expect(await read(200, {}, digits)).toBe('234');
  expect(await read(200, { 'content-encoding': 'gzip' }, gzipSync(digits))).toBe('234');
  expect(await read(200, { 'content-length': 10 }, digits, { offset: 8 })).toBe('89');
  expect(await read(200, { 'content-length': 10 }, digits, { offset: 8, length: 100 })).toBe('89');
  expect(await read(206, { 'content-range': 'bytes 8-9/10' }, '89', { offset: 8, length: 100 })).toBe('89');
  expect(await read(200, { 'content-length': 10 }, digits, { offset: 12 })).toBe('');
  expect(await read(416, {}, '', { offset: 12 })).toBe('');
  expect(await read(200, { 'content-encoding': 'gzip' }, gzipSync(digits), {})).toBe(digits);
  await expect(read(206, { 'content-range': 'bytes 0-9/10' }, digits, {})).rejects.toMatchObject({ code: 'internal' });
  await expect(read(200, { 'content-encoding': 'gzip' }, gzipSync('more than ten digits'), {})).rejects.toMatchObject({
    code: 'internal',
  });
});
