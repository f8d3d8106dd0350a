import { expect, it } from 'vitest';
import { Boxlite } from '../boxlite.ts';
import { errorTable } from '../error-table.ts';
import { packTar } from '../tar/pack.ts';
import { ApiKeyCredential, ClientCredentials } from './credential.ts';
import { BoxliteRestOptions, restSettings } from './options.ts';
import { box, boxPath, json, serve } from './testing/generation-1-server.ts';

const retries = { baseMs: 1, maxMs: 5 };
const credential = new ClientCredentials({ clientId: 'test-client', clientSecret: 's&cret' });
const list = 'GET /v1/default/boxes';

it('asks for one token, whatever the number of first calls', async () => {
  await using server = await serve({
    'POST /v1/oauth/tokens': (_, response) =>
      json(response, 200, { access_token: 't1', token_type: 'bearer', expires_in: 3600 }),
    [list]: (_, response) => json(response, 200, { boxes: [], next_page_token: null }),
  });
  const runtime = Boxlite.rest({ url: server.url, credential });
  await Promise.all([runtime.listInfo(), runtime.listInfo(), runtime.listInfo()]);
  const tokens = server.seen.filter(({ url }) => url === '/v1/oauth/tokens');
  expect(tokens).toHaveLength(1);
  expect(tokens[0]?.body).toBe('grant_type=client_credentials&client_id=test-client&client_secret=s%26cret');
  expect(server.seen.filter(({ headers }) => headers.authorization === 'Bearer t1')).toHaveLength(3);
});

it('keeps to the options as they were when it was made', async () => {
  await using server = await serve({ [list]: (_, response) => json(response, 200, { boxes: [] }) });
  const options = { url: server.url, credential: new ApiKeyCredential('first'), retries };
  const runtime = Boxlite.rest(options);
  Object.assign(options, { url: 'http://127.0.0.1:9', credential: new ApiKeyCredential('second') });
  expect(await runtime.listInfo()).toEqual([]);
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer first']);
});

it('renews a token that ends within a minute, and one that the server refuses, once', async () => {
  let given = 0;
  await using server = await serve({
    'POST /v1/oauth/tokens': (_, response) =>
      json(response, 200, { access_token: `t${++given}`, token_type: 'bearer', expires_in: given === 1 ? 0 : 3600 }),
    [list]: ({ headers }, response) =>
      headers.authorization === 'Bearer t3'
        ? json(response, 200, { boxes: [] })
        : json(response, 401, { error: { message: 'expired', type: 'UnauthorizedError', code: 401 } }),
  });
  const runtime = Boxlite.rest({ url: server.url, credential });
  await expect(runtime.listInfo()).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(await runtime.listInfo()).toEqual([]);
  expect(given).toBe(3);
});

it('says where wrong credentials were refused', async () => {
  await using server = await serve({
    'POST /v1/oauth/tokens': (_, response) =>
      json(response, 401, { error: { message: 'unknown client', type: 'UnauthorizedError', code: 401 } }),
  });
  await expect(Boxlite.rest({ url: server.url, credential }).listInfo()).rejects.toMatchObject({
    name: 'UnauthorizedError',
    message: 'unknown client',
  });
});

it('sends an API key as it is, a custom credential too, and nothing without one', async () => {
  await using server = await serve({ [list]: (_, response) => json(response, 200, { boxes: [] }) });
  await Boxlite.rest({ url: server.url, credential: new ApiKeyCredential('blk_1') }).listInfo();
  await Boxlite.rest({ url: server.url, credential: { getToken: async () => ({ token: 'mine' }) } }).listInfo();
  await Boxlite.rest({ url: server.url }).listInfo();
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer blk_1', 'Bearer mine', undefined]);
});

it.each(Object.entries(errorTable).map(([code, { type, status }]) => [type, code, status] as const))(
  'throws the class of %s',
  async (type, code, status) => {
    await using server = await serve({
      'POST /v1/default/boxes': (_, response) => {
        response.setHeader('x-request-id', 'r1');
        json(response, status, { error: { message: 'it said so', type, code: status } });
      },
    });
    const credential = new ApiKeyCredential('k');
    const thrown = await Boxlite.rest({ url: server.url, retries, credential })
      .create()
      .catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: type, code, message: 'it said so', requestId: 'r1' });
  },
);

it.each([
  [
    'FastAPI detail',
    401,
    { detail: { error: { message: 'no', type: 'UnauthorizedError', code: 401 } } },
    'unauthenticated',
    'no',
  ],
  [
    'a code in words',
    409,
    { error: { message: 'm', type: 'AuthError', code: 'already_exists', request_id: 'r' } },
    'already_exists',
    'm',
  ],
  [
    'a code of later servers',
    422,
    { error: { message: 'm', type: 'X', code: 'image_pull_failed' } },
    'image_failed',
    'm',
  ],
  ['an unknown type', 409, { error: { message: 'm', type: 'NewError', code: 409 } }, 'invalid_state', 'm'],
  [
    'a type of later servers',
    500,
    { error: { message: 'm', type: 'DatabaseError', code: 500 } },
    'storage_failed',
    'm',
  ],
  ['a validation list', 422, { detail: [{ msg: 'field required' }] }, 'invalid_argument', 'field required'],
  ['plain text', 502, 'bad gateway', 'network_failed', 'HTTP 502'],
  ['nothing', 413, '', 'payload_too_large', 'HTTP 413'],
  ['a status of no table', 418, { error: 5 }, 'internal', 'HTTP 418'],
])('maps %s', async (_, status, body, code, message) => {
  await using server = await serve({
    'POST /v1/default/boxes': (_, response) =>
      typeof body === 'string' ? void response.writeHead(status).end(body) : json(response, status, body),
  });
  const thrown = await Boxlite.rest({ url: server.url })
    .create()
    .catch((error: unknown) => error);
  expect(thrown).toMatchObject({ code });
  expect(String(thrown)).toContain(message);
});

it('names the url that cannot be reached, and an answer that is not this protocol', async () => {
  await using server = await serve({ [list]: (_, response) => json(response, 200, { boxes: [{ box_id: 1 }] }) });
  await expect(Boxlite.rest({ url: server.url }).listInfo()).rejects.toMatchObject({
    code: 'internal',
    message: /the server's answer/,
  });
  const gone = server.url;
  await server[Symbol.asyncDispose]();
  await expect(Boxlite.rest({ url: gone, retries }).listInfo()).rejects.toMatchObject({
    code: 'network_failed',
    message: new RegExp(gone),
  });
});

it('tries again what only reads, and nothing else', async () => {
  let asked = 0;
  await using server = await serve({
    [list]: (_, response) => (++asked < 3 ? json(response, 503, {}) : json(response, 200, { boxes: [] })),
    'POST /v1/default/boxes': (_, response) => json(response, 503, {}),
  });
  const runtime = Boxlite.rest({ url: server.url, retries });
  expect(await runtime.listInfo()).toEqual([]);
  await expect(runtime.create()).rejects.toMatchObject({ code: 'network_failed' });
  expect(server.seen.filter(({ method }) => method === 'POST')).toHaveLength(1);
});

it('creates, finds, lists by page and removes in the words of the protocol', async () => {
  await using server = await serve({
    'POST /v1/default/boxes': (_, response) => json(response, 201, box),
    [list]: ({ url }, response) =>
      url.includes('pageToken=n1')
        ? json(response, 200, { boxes: [box] })
        : json(response, 200, { boxes: [box], next_page_token: 'n1' }),
    [`DELETE ${boxPath}`]: (_, response) => void response.writeHead(204).end(),
  });
  const runtime = Boxlite.rest({ url: server.url });
  const made = await runtime.create(
    { image: 'a', memoryMib: 256, ports: [{ guestPort: 80 }], autoRemove: false, labels: { a: 'b' } },
    'demo',
  );
  expect(made.id).toBe(box.box_id);
  expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({
    name: 'demo',
    image: 'a',
    memory_mib: 256,
    ports: [{ guest_port: 80 }],
    auto_remove: false,
    labels: { a: 'b' },
  });
  expect(
    (await runtime.listInfo({ labels: { a: 'b' }, status: 'running', pageSize: 1 })).map(({ id }) => id),
  ).toHaveLength(2);
  expect(server.seen[1]?.url).toBe('/v1/default/boxes?pageSize=1&status=running&label=a%3Db');
  await runtime.remove(box.box_id, { force: true });
  expect(server.seen.at(-1)?.url).toBe(`${boxPath}?force=true`);
  expect(await runtime.get('unknown')).toBeNull();
});

it('gets the box of who was quicker', async () => {
  let created = false;
  await using server = await serve({
    'GET /v1/default/boxes/demo': (_, response) => (created ? json(response, 200, box) : json(response, 404, {})),
    'POST /v1/default/boxes': (_, response) => {
      created = true;
      json(response, 409, { error: { message: 'taken', type: 'AlreadyExistsError', code: 409 } });
    },
  });
  expect(await Boxlite.rest({ url: server.url }).getOrCreate({}, 'demo')).toMatchObject({
    created: false,
    box: { id: box.box_id },
  });
});

it('streams archives both ways, and says when one breaks off', async () => {
  const header = { name: 'f', type: 'file', size: 3, mode: 0o644, mtimeMs: 0 } as const;
  const tar = await new Response(packTar([{ header, content: [Buffer.from('abc')] }])).bytes();
  let broken = false;
  await using server = await serve({
    'GET /v1/default/boxes/demo': (_, response) => json(response, 200, box),
    [`PUT ${boxPath}/files`]: (_, response) => void response.writeHead(204).end(),
    [`GET ${boxPath}/files`]: (_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-tar' });
      if (broken) response.write(tar.subarray(0, 513), () => response.destroy());
      else response.end(tar);
    },
  });
  const found = await Boxlite.rest({ url: server.url }).get('demo');
  await found?.files.write('/etc/f', 'abc');
  const put = server.seen.at(-1);
  expect(put).toMatchObject({
    method: 'PUT',
    url: `${boxPath}/files?path=%2Fetc%2F&overwrite=true`,
    headers: { 'content-type': 'application/x-tar' },
  });
  expect(Buffer.from((await found?.files.read('/etc/f')) ?? []).toString()).toBe('abc');
  expect(server.seen.at(-1)?.url).toBe(`${boxPath}/files?path=%2Fetc%2Ff&follow_symlinks=true`);
  broken = true;
  await expect(found?.files.read('/etc/f')).rejects.toMatchObject({ code: 'network_failed' });
});

it('refuses what a server does not say that it can do, and asks it nothing else', async () => {
  await using server = await serve({ 'GET /v1/default/boxes/demo': (_, response) => json(response, 200, box) });
  const runtime = Boxlite.rest({ url: server.url });
  const found = await runtime.get('demo');
  const { images } = runtime;
  await expect(images.remove('sha256:1')).rejects.toMatchObject({ code: 'unsupported' });
  await expect(images.import('/x.tar', 'x')).rejects.toMatchObject({ code: 'unsupported' });
  await expect(found?.executions()).rejects.toMatchObject({ code: 'unsupported' });
  await expect(found?.files.stat('/etc')).rejects.toMatchObject({ code: 'unsupported' });
  await expect(found?.files.remove('/etc/f')).rejects.toMatchObject({ code: 'unsupported' });
  await expect(found?.files.mkdir('/etc/d')).rejects.toMatchObject({ code: 'unsupported' });
  await expect(Array.fromAsync(found?.files.list('/etc') ?? [])).rejects.toMatchObject({ code: 'unsupported' });
  expect(server.seen.map(({ url }) => url)).toEqual(['/v1/default/boxes/demo', '/v1/config']);
});

it('reads its options from the environment', () => {
  const env = {
    BOXLITE_REST_URL: 'http://h',
    BOXLITE_REST_CLIENT_ID: 'i',
    BOXLITE_REST_CLIENT_SECRET: 's',
    BOXLITE_REST_PREFIX: 'v2',
    BOXLITE_REST_PATH_PREFIX: '',
  };
  const options = BoxliteRestOptions.fromEnv(env);
  expect(options).toMatchObject({ url: 'http://h', prefix: 'v2', pathPrefix: '' });
  expect(options.credential).toBeInstanceOf(ClientCredentials);
  expect(BoxliteRestOptions.fromEnv({ ...env, BOXLITE_API_KEY: 'k' }).credential).toBeInstanceOf(ApiKeyCredential);
  expect(BoxliteRestOptions.fromEnv({ BOXLITE_REST_URL: 'http://h' }).credential).toBeUndefined();
  expect(() => BoxliteRestOptions.fromEnv({})).toThrow(/BOXLITE_REST_URL is not set/);
});

it.each([
  [{ url: 'http://h' }, 'http://h/v1/', 'http://h/v1/default/'],
  [{ url: 'http://h/api/', prefix: 'v2', pathPrefix: 'org/team' }, 'http://h/api/v2/', 'http://h/api/v2/org/team/'],
  [{ url: 'http://h', pathPrefix: '' }, 'http://h/v1/', 'http://h/v1/'],
])('finds the roots of %j', (options, instance, tenant) => {
  const found = restSettings(options).roots;
  expect([found.instance.href, found.tenant.href]).toEqual([instance, tenant]);
});

it.each([
  { url: 'nowhere' },
  { url: 'ftp://h' },
  { url: 'http://u:p@h' },
  { url: 'http://h', prefix: '..' },
  { url: 'http://h', pathPrefix: 'a b' },
])('refuses %j', (options) => {
  expect(() => Boxlite.rest(options)).toThrow(/(url|prefix|pathPrefix) must/);
});

it('sends a credential unencrypted to this machine only, unless it is told to', async () => {
  const credential = new ApiKeyCredential('k');
  for (const url of [
    'http://localhost:1',
    'http://a.localhost',
    'http://127.9.9.9',
    'http://[::1]:8100',
    'https://h',
  ]) {
    expect(() => Boxlite.rest({ url, credential })).not.toThrow();
  }
  for (const url of ['http://h', 'http://127.0.0.1.h', 'http://localhost.h', 'http://10.0.0.1', 'http://xlocalhost']) {
    expect(() => Boxlite.rest({ url, credential })).toThrow(/ unencrypted: use https, or say plainHttp: true /);
    expect(() => Boxlite.rest({ url })).not.toThrow();
    expect(() => Boxlite.rest({ url, credential, plainHttp: true })).not.toThrow();
    const env = { BOXLITE_REST_URL: url, BOXLITE_API_KEY: 'k', BOXLITE_REST_PLAIN_HTTP: '1' };
    expect(() => Boxlite.rest(BoxliteRestOptions.fromEnv(env))).not.toThrow();
  }
});
