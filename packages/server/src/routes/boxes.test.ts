import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { box, listBoxesResponse, read } from '@boxlite/api';
import { expect, onTestFinished, test } from 'vitest';
import { testServer } from '../testing/test-server.ts';

const boxes = '/v1/default/boxes';

test('a box is made with 201, its Location and what was asked for', async () => {
  const { ask, backend } = testServer({ allowHostPorts: ['0'] });
  const response = await ask('POST', '/v1/demo/boxes', {
    json: {
      name: 'one',
      image: 'python:slim',
      cpus: 2,
      memory_mib: 1024,
      working_dir: '/srv',
      env: { A: 'b' },
      ports: [{ guest_port: 80, host_port: 0 }],
      auto_remove: false,
      detach: true,
      user: null,
      unknown_key: 1,
    },
  });
  expect(response.status).toBe(201);
  const made = read(box, await response.json());
  expect(response.headers.get('location')).toBe(`/v1/demo/boxes/${made.box_id}`);
  expect(made).toMatchObject({ name: 'one', status: 'configured', image: 'python:slim', cpus: 2, memory_mib: 1024 });
  expect(made.auto_remove).toBe(false);
  expect(made.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(backend.tenant('demo').boxes[0]?.options).toEqual({
    image: 'python:slim',
    cpus: 2,
    memoryMib: 1024,
    workingDir: '/srv',
    env: { A: 'b' },
    ports: [{ guestPort: 80, hostPort: 0 }],
    autoRemove: false,
    detach: true,
  });
});

test('a name that is taken is 409', async () => {
  const { ask } = testServer();
  await ask('POST', boxes, { json: { name: 'one' } });
  const response = await ask('POST', boxes, { json: { name: 'one' } });
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({ error: { type: 'AlreadyExistsError', code: 'already_exists' } });
});

test.each([
  { image: 'a', rootfs_path: '/b' },
  { cpus: 0 },
  { cpus: '2' },
  { memory_mib: 1 },
  { name: '-x' },
  { env: { 'A=B': 'c' } },
  { env: { A: 'x\0' } },
  { cmd: 'sh' },
  [],
  'text',
  null,
])('%j is no box: 400', async (json) => {
  expect((await testServer().ask('POST', boxes, { json })).status).toBe(400);
});

test('host paths are refused by name, and a path that is missing looks like one that is forbidden', async () => {
  const { ask } = testServer();
  const volume = { volumes: [{ host_path: '/etc', guest_path: '/etc' }] };
  const refused = await ask('POST', boxes, { json: volume });
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({
    error: { type: 'PermissionError', message: expect.stringContaining('volumes.0.host_path') },
  });
  for (const rootfs_path of ['/', '/does/not/exist']) {
    const response = await ask('POST', boxes, { json: { rootfs_path } });
    expect(await response.json()).toMatchObject({
      error: { code: 'permission_denied', message: expect.stringContaining('rootfs_path is refused') },
    });
  }
});

test('host paths under an allowed root pass as real paths, and links that lead out do not', async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'boxlite-server-')));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'shared/data'), { recursive: true });
  await mkdir(join(folder, 'shared-not'));
  await symlink('data', join(folder, 'shared/inside'));
  await symlink('/etc', join(folder, 'shared/outside'));
  const { ask, backend } = testServer({ allowHostPaths: [join(folder, 'shared')] });
  const status = async (host_path: string): Promise<number> =>
    (await ask('POST', boxes, { json: { volumes: [{ host_path, guest_path: '/x', read_only: true }] } })).status;
  expect(await status(join(folder, 'shared/inside'))).toBe(201);
  expect(backend.boxes[0]?.options.volumes).toEqual([
    { hostPath: join(folder, 'shared/data'), guestPath: '/x', readOnly: true },
  ]);
  expect(await status(join(folder, 'shared/outside'))).toBe(403);
  expect(await status(join(folder, 'shared/../shared-not'))).toBe(403);
  expect(await status(folder)).toBe(403);
});

test('ports of the host are refused by name unless the operator gave them, with what the operator can set', async () => {
  const status = async (port: object, ...allowHostPorts: string[]): Promise<number> =>
    (await testServer({ allowHostPorts }).ask('POST', boxes, { json: { ports: [{ guest_port: 80, ...port }] } }))
      .status;
  expect(await status({})).toBe(403);
  expect(await status({}, '0')).toBe(201);
  expect(await status({ host_port: 8080 }, '0')).toBe(403);
  expect(await status({ host_port: 8080 }, '8000-8999')).toBe(201);
  expect(await status({ host_port: 8080, host_ip: '127.0.0.1' }, '8000-8999')).toBe(201);
  expect(await status({ host_port: 8080, host_ip: '0.0.0.0' }, '8000-8999')).toBe(403);
  expect(await status({ host_port: 8080, host_ip: '192.0.2.1' }, '0.0.0.0:8080')).toBe(201);
  expect(await status({ host_port: 8080, host_ip: '::1' }, '0.0.0.0:8080')).toBe(403);
  expect(await status({ host_port: 8080, host_ip: '::1' }, '[::1]:8080')).toBe(201);
  const json = { ports: [{ guest_port: 80, host_port: 8080, host_ip: '192.0.2.1' }] };
  const refused = await testServer().ask('POST', boxes, { json });
  expect(await refused.json()).toMatchObject({
    error: { type: 'PermissionError', message: expect.stringContaining('--allow-host-port 192.0.2.1:8080') },
  });
});

test.each(['x', '70000', '9-8', '1.2.3:80', ':80', '0.0.0.0'])(
  '%j is no host port that an operator can give',
  (port) => {
    expect(() => testServer({ allowHostPorts: [port] })).toThrow('[IP:]PORT[-PORT]');
  },
);

test.each([
  ['isolated', 'isolated'],
  ['none', 'none'],
  [{ mode: 'enabled' }, 'isolated'],
  [{ mode: 'disabled' }, { allow: [] }],
  [{ mode: 'enabled', allow_net: ['a.example'] }, { allow: ['a.example'] }],
  [{ outbound: { mode: 'enabled' }, inbound: { mode: 'enabled' } }, 'isolated'],
  [{ outbound: { mode: 'disabled' }, inbound: { mode: 'enabled' } }, { allow: [] }],
  [{ outbound: { mode: 'enabled' }, inbound: { mode: 'disabled' } }, { inbound: false }],
  [
    { outbound: { allow_net: ['b'] }, inbound: { mode: 'disabled' } },
    { allow: ['b'], inbound: false },
  ],
  [{ outbound: { mode: 'disabled' }, inbound: { mode: 'disabled' } }, 'none'],
  [{}, 'isolated'],
])('a network of %j reads as %j', async (network, expected) => {
  const { ask, backend } = testServer();
  expect((await ask('POST', boxes, { json: { network } })).status).toBe(201);
  expect(backend.boxes[0]?.options.network).toEqual(expected);
});

test('boxes are listed in pages', async () => {
  const { ask } = testServer();
  for (const name of ['a', 'b', 'c']) await ask('POST', boxes, { json: { name } });
  const page = async (query: string): Promise<[unknown[], unknown]> => {
    const found = read(listBoxesResponse, await (await ask('GET', `${boxes}${query}`)).json());
    return [found.boxes.map((one) => one.name), found.next_page_token];
  };
  expect(await page('')).toEqual([['a', 'b', 'c'], null]);
  const [first, token] = await page('?pageSize=2');
  expect(first).toEqual(['a', 'b']);
  expect(await page(`?pageSize=2&pageToken=${token}`)).toEqual([['c'], null]);
  await ask('POST', `${boxes}/b/start`);
  expect(await page('?status=running')).toEqual([['b'], null]);
  expect(await page('?namePrefix=c')).toEqual([['c'], null]);
});

test('a page token that was changed, or is of another list, tenant, filter or server, is 400', async () => {
  const { ask } = testServer();
  for (const name of ['a', 'b', 'c']) await ask('POST', boxes, { json: { name } });
  const status = async (path: string): Promise<number> => (await ask('GET', path)).status;
  const page = async (path: string, on = ask): Promise<string> =>
    (await (await on('GET', path)).json()).next_page_token;
  const token = await page(`${boxes}?pageSize=1`);
  expect(await status(`${boxes}?pageSize=2&pageToken=${token}`)).toBe(200);
  for (const at of [0, 10, token.length - 1]) {
    const other = token[at] === 'A' ? 'B' : 'A';
    expect(await status(`${boxes}?pageToken=${token.slice(0, at)}${other}${token.slice(at + 1)}`)).toBe(400);
  }
  for (const path of [
    `/v1/other/boxes?pageToken=${token}`,
    `${boxes}?status=running&pageToken=${token}`,
    `${boxes}?label=a%3Db&pageToken=${token}`,
    `${boxes}?namePrefix=a&pageToken=${token}`,
    `/v1/default/images?pageToken=${token}`,
    `${boxes}?pageToken=${token}=`,
    `${boxes}?pageToken=MQ`,
  ]) {
    expect(await status(path), path).toBe(400);
  }
  const foreign = testServer();
  for (const name of ['a', 'b']) await foreign.ask('POST', boxes, { json: { name } });
  expect(await status(`${boxes}?pageToken=${await page(`${boxes}?pageSize=1`, foreign.ask)}`)).toBe(400);
});

test('a box that is put at a name is made once and found after that, and its name is the one in the path', async () => {
  const { ask, backend } = testServer();
  const put = (json: object): Promise<Response> => ask('PUT', `${boxes}/one`, { json });
  const answers = await Promise.all([put({ image: 'a' }), put({ image: 'b' }), put({ name: 'one' })]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 201]);
  const made = answers.find(({ status }) => status === 201);
  expect(made?.headers.get('location')).toBe(`${boxes}/${backend.boxes[0]?.id}`);
  expect(backend.boxes).toHaveLength(1);
  expect((await put({ name: 'two' })).status).toBe(400);
  expect((await ask('PUT', `${boxes}/-`, { json: {} })).status).toBe(404);
});

test.each(['?pageSize=0', '?pageSize=1001', '?pageSize=x', '?status=nope', '?pageToken=x', '?pageSize=1&pageSize=2'])(
  'listing with %s is 400',
  async (query) => {
    expect((await testServer().ask('GET', `${boxes}${query}`)).status).toBe(400);
  },
);

test('a box is found by id and by name; HEAD answers without a body', async () => {
  const { ask, backend } = testServer();
  const { id } = await backend.create({}, 'one');
  for (const slot of [id, 'one']) {
    expect(read(box, await (await ask('GET', `${boxes}/${slot}`)).json()).box_id).toBe(id);
    const head = await ask('HEAD', `${boxes}/${slot}`);
    expect([head.status, await head.text()]).toEqual([204, '']);
  }
  const missing = await ask('HEAD', `${boxes}/two`);
  expect([missing.status, await missing.text()]).toEqual([404, '']);
  for (const slot of ['two', 'a%2Fb', '%00', '%20', '-']) {
    expect((await ask('GET', `${boxes}/${slot}`)).status).toBe(404);
  }
});

test('start and stop answer with the box; the body of stop may be left out', async () => {
  const { ask, backend } = testServer();
  const made = await backend.create({}, 'one');
  const status = async (response: Response): Promise<unknown> => read(box, await response.json()).status;
  expect(await status(await ask('POST', `${boxes}/one/start`))).toBe('running');
  expect(await status(await ask('POST', `${boxes}/one/stop`))).toBe('stopped');
  expect(made.stopTimeoutMs).toBe(undefined);
  await ask('POST', `${boxes}/one/stop`, { json: { timeout_seconds: 0.5 } });
  expect(made.stopTimeoutMs).toBe(500);
  expect((await ask('POST', `${boxes}/one/stop`, { json: { timeout_seconds: -1 } })).status).toBe(400);
  expect((await ask('POST', `${boxes}/one/stop`, { json: { timeout_seconds: 1e12 } })).status).toBe(400);
});

test('a running box is removed only by force', async () => {
  const { ask } = testServer();
  await ask('POST', boxes, { json: { name: 'one' } });
  await ask('POST', `${boxes}/one/start`);
  expect((await ask('DELETE', `${boxes}/one`)).status).toBe(409);
  expect((await ask('DELETE', `${boxes}/one?force=yes`)).status).toBe(400);
  expect((await ask('DELETE', `${boxes}/one?force=true`)).status).toBe(204);
  expect((await ask('DELETE', `${boxes}/one?force=true`)).status).toBe(404);
});
