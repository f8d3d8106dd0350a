import { box as boxSchema, listBoxesResponse, read } from '@boxlite/api';
import { expect, test } from 'vitest';
import { liveServer } from './testing/live-server.ts';
import { type TestServer, testServer } from './testing/test-server.ts';

const apiKeys = [
  { key: 'a-key', id: 'a', tenants: ['a'] },
  { key: 'b-key', id: 'b', tenants: ['b', 'default'] },
  { key: 'all-key', id: 'all' },
];
const as = (key: string): { headers: Record<string, string> } => ({ headers: { authorization: `Bearer ${key}-key` } });

async function names(server: TestServer, path: string, key: string): Promise<unknown> {
  const response = await server.ask('GET', path, as(key));
  if (response.status !== 200) return response.status;
  return read(listBoxesResponse, await response.json()).boxes.map(({ name }) => name);
}

test('the path names the tenant; without a name, or with default where nobody is called so, it is the principal’s own', async () => {
  const server = testServer({ auth: { apiKeys } });
  for (const tenant of ['a', 'b', 'default']) await server.backend.tenant(tenant).create({}, `of-${tenant}`);
  for (const path of ['/v1/boxes', '/v1/a/boxes', '/v1/default/boxes']) {
    expect(await names(server, path, 'a')).toEqual(['of-a']);
  }
  expect(await names(server, '/v1/b/boxes', 'a')).toBe(404);
  expect(await names(server, '/v1/boxes', 'b')).toEqual(['of-b']);
  expect(await names(server, '/v1/default/boxes', 'b')).toEqual(['of-default']);
  expect(await names(server, '/v1/boxes', 'all')).toEqual(['of-default']);
  expect(await names(server, '/v1/default/boxes', 'all')).toEqual(['of-default']);
  expect(await names(server, '/v1/a/boxes', 'all')).toEqual(['of-a']);
});

test('two tenants both have a box called web', async () => {
  const server = testServer({ auth: { apiKeys } });
  const made = await Promise.all(
    ['a', 'b'].map(async (key) => {
      const response = await server.ask('POST', '/v1/boxes', { ...as(key), json: { name: 'web' } });
      expect(response.status).toBe(201);
      return read(boxSchema, await response.json()).box_id;
    }),
  );
  const [a = '', b = ''] = made;
  expect(a).not.toBe(b);
  expect((await server.ask('GET', `/v1/boxes/${b}`, as('a'))).status).toBe(404);
  expect((await server.ask('DELETE', '/v1/boxes/web', as('b'))).status).toBe(204);
  expect((await server.ask('GET', `/v1/boxes/${a}`, as('a'))).status).toBe(200);
});

test.each([
  ['', '/v1/boxes', '/v1/boxes/'],
  ['', '/v1/a/boxes', '/v1/a/boxes/'],
  ['/api', '/api/v1/boxes', '/api/v1/boxes/'],
  ['/api/', '/api/v1/default/boxes', '/api/v1/default/boxes/'],
])('behind the base path %j, what %s makes is told as %s…', async (basePath, path, location) => {
  const server = testServer({ auth: { apiKeys }, basePath });
  const response = await server.ask('POST', path, { ...as('a'), json: {} });
  expect(response.headers.get('location')).toMatch(new RegExp(`^${location}\\w{26}$`));
  expect((await server.ask('GET', response.headers.get('location') ?? '', as('a'))).status).toBe(200);
});

test('a base path is needed where there is one, and nothing else begins like it', async () => {
  const { ask } = testServer({ basePath: '/api' });
  expect((await ask('GET', '/api/v1/config')).status).toBe(200);
  for (const path of ['/v1/config', '/apiv1/config', '/api', '/']) expect((await ask('GET', path)).status).toBe(404);
  expect(() => testServer({ basePath: 'api' })).toThrow('basePath must be such as /api');
});

test('a box that is called like a word of the API is found without a tenant', async () => {
  const server = testServer({ auth: { apiKeys } });
  for (const name of ['boxes', 'images', 'metrics']) {
    await server.backend.tenant('a').create({}, name);
    expect((await server.ask('GET', `/v1/boxes/${name}`, as('a'))).status).toBe(200);
  }
});

test('a ticket of one tenant’s tunnel is of no use under another’s path', async () => {
  const server = await liveServer({ auth: { apiKeys } });
  const box = await server.backend.tenant('a').create({}, 'web');
  const ticket = async (): Promise<string> => {
    const response = await server.call('POST', `/v1/boxes/web/network/tunnel?port=80`, as('a'));
    return Object(await response.json()).ticket;
  };
  const handshake = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  for (const [prefix, status] of [
    ['/b', 404],
    ['/a', 101],
    ['/default', 101],
    ['', 101],
  ] as const) {
    const socket = await server.connect();
    const path = `/v1${prefix}/boxes/${box.id}/network/tunnel/stream?port=80&ticket=${await ticket()}`;
    const said = new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString('latin1'))));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine-1\r\n${handshake.join('\r\n')}\r\n\r\n`);
    const head = (await said).toLowerCase();
    expect(head).toMatch(new RegExp(`^http/1\\.1 ${status} `));
    expect(head).toContain('x-request-id: mine-1');
    socket.destroy();
  }
});
