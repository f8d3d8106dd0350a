import { createServer, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiKeyCredential, type Box, Boxlite } from '../index.ts';

const entry = {
  ...{ name: 'a', name_base64: null, type: 'file', size_bytes: 0, mode: 420, uid: 0, gid: 0 },
  ...{ modified_at: '2026-11-26T17:54:09.491Z', target: null },
};
let listing: (answer: ServerResponse) => void;
const server = createServer((request, answer) => {
  if (request.url?.includes('/files/entries')) return listing(answer);
  const told = { box_id: 'B', status: 'running', capabilities: { files_enabled: true } };
  answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...box, ...told }));
});
const box = {
  ...{ name: null, created_at: entry.modified_at, updated_at: entry.modified_at, pid: null, image: 'x', cpus: 1 },
  ...{ memory_mib: 512, auto_remove: false, labels: {} },
};
let list: () => Promise<readonly { readonly name: string }[]>;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const runtime = Boxlite.rest({ url: `http://127.0.0.1:${address.port}`, credential: new ApiKeyCredential('key') });
  const found: Box | null = await runtime.get('B');
  if (!found) throw new Error('the box is not there');
  list = () => Array.fromAsync(found.files.list('/'));
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
