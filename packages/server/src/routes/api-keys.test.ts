import { createdApiKey, listApiKeysResponse, principal, read, tokenResponse } from '@boxlite/api';
import { decodeProtectedHeader } from 'jose';
import { expect, test } from 'vitest';
import { openIdentity } from '../identity/identity.ts';
import { type TestServer, testServer } from '../testing/test-server.ts';

const bearer = (value: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${value}` },
});

async function make(server: TestServer, json: object, key = 'test-key', path = '/v1/acme/api-keys'): Promise<string> {
  const response = await server.ask('POST', path, { ...bearer(key), json });
  expect(response.status).toBe(201);
  return read(createdApiKey, await response.json()).value;
}

const status = async (server: TestServer, key: string, path: string, method = 'GET'): Promise<number> =>
  (await server.ask(method, path, bearer(key))).status;

test('a key is made, works in its tenant with its scopes, is listed without its value, and ends when it is revoked', async () => {
  const server = testServer();
  const response = await server.ask('POST', '/v1/acme/api-keys', { json: { name: 'ci', permissions: ['box:read'] } });
  expect(response.status).toBe(201);
  expect(response.headers.get('location')).toBe('/v1/acme/api-keys/ci');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const { value, ...made } = read(createdApiKey, await response.json());
  expect(value).toMatch(/^blk_live_\w/);
  expect(made).toMatchObject({ name: 'ci', permissions: ['box:read'], expires_at: null, created_by: 'api-key' });
  expect(await status(server, value, '/v1/boxes')).toBe(200);
  expect(await status(server, value, '/v1/acme/boxes')).toBe(200);
  expect(await status(server, value, '/v1/other/boxes')).toBe(404);
  expect(await status(server, value, '/v1/boxes', 'POST')).toBe(403);
  const listing = await (await server.ask('GET', '/v1/acme/api-keys')).text();
  expect(listing).not.toContain(value.slice(-32));
  expect(read(listApiKeysResponse, JSON.parse(listing)).api_keys).toMatchObject([{ name: 'ci' }]);
  expect(await (await server.ask('GET', '/v1/other/api-keys')).json()).toEqual({ api_keys: [] });
  expect(await status(server, 'test-key', '/v1/other/api-keys/ci', 'DELETE')).toBe(404);
  expect(await status(server, 'test-key', '/v1/acme/api-keys/ci', 'DELETE')).toBe(204);
  expect(await status(server, value, '/v1/boxes')).toBe(401);
  expect(await status(server, 'test-key', '/v1/acme/api-keys/ci', 'DELETE')).toBe(404);
});

test('me tells who a credential is, exactly what it may do, and which segment its paths have', async () => {
  const server = testServer();
  const value = await make(server, { name: 'ci', scopes: ['boxes:read', 'api_key:write'] });
  expect(read(principal, await (await server.ask('GET', '/v1/me', bearer(value))).json())).toMatchObject({
    sub: expect.stringMatching(/^key-/),
    principal_type: 'service_account',
    display_name: 'ci',
    path_prefix: 'acme',
    scopes: ['box:read', 'volume:read', 'api_key:write'],
    tenants: ['acme'],
  });
  const own = read(principal, await (await server.ask('GET', '/v1/me')).json());
  expect(own).toMatchObject({ sub: 'api-key', path_prefix: null, tenants: null, expires_at: null });
  expect(own.scopes).toHaveLength(14);
});

test('a key makes only what it holds: scopes, tenants and time', async () => {
  let nowMs = Date.parse('2030-01-01T00:00:00Z');
  const server = testServer({ nowMs: () => nowMs });
  const permissions = ['box:read', 'box:exec', 'api_key:write'];
  const value = await make(server, { name: 'parent', permissions, expires_at: '2030-02-01T00:00:00Z' });
  const child = (json: object, path = '/v1/api-keys'): Promise<Response> =>
    server.ask('POST', path, { ...bearer(value), json: { name: 'child', ...json } });
  for (const [json, code, said] of [
    [{ permissions: ['box:read', 'box:write'] }, 403, 'box:write'],
    [{ permissions: ['boxes:exec', 'boxes:read'] }, 403, 'volume:read'],
    [{ permissions: ['delete:boxes'] }, 403, 'box:delete'],
    [{ permissions: ['box:fly'] }, 400, 'box:fly'],
    [{ permissions: [] }, 400, 'at least one'],
    [{ expires_at: '2030-02-01T00:00:01Z' }, 403, 'outlive'],
    [{ expires_at: '2029-12-31T00:00:00Z' }, 400, 'future'],
    [{ expires_at: 'tomorrow' }, 400, 'expires_at'],
    [{ name: 'a/b' }, 400, 'name'],
    [{ name: '..' }, 400, 'name'],
    [{ name: '' }, 400, 'name'],
  ] as const) {
    const response = await child(json);
    expect([response.status, await response.text()]).toEqual([code, expect.stringContaining(said)]);
  }
  expect((await child({}, '/v1/other/api-keys')).status).toBe(404);
  const made = read(createdApiKey, await (await child({})).json());
  expect(made).toMatchObject({ permissions, expires_at: '2030-02-01T00:00:00.000Z' });
  expect((await child({})).status).toBe(409);
  expect(await status(server, made.value, '/v1/boxes')).toBe(200);
  nowMs = Date.parse('2030-02-01T00:00:00Z');
  expect(await status(server, made.value, '/v1/boxes')).toBe(401);
});

test('a revoked client has no tokens any more: none that it got, and none to get', async () => {
  using identity = openIdentity(':memory:');
  const server = testServer({ auth: { identity } });
  const permissions = new Set(['box:read'] as const);
  const { credential, secret } = await identity.createClient({
    ...{ name: 'agent', tenants: ['acme'], permissions, createdBy: 'test' },
  });
  const body = `grant_type=client_credentials&client_id=${credential.id}&client_secret=`;
  const ask = (end: string): Promise<Response> =>
    server.ask('POST', '/v1/oauth/tokens', {
      body: body + end,
      headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: '' },
    });
  expect((await ask('wrong')).status).toBe(401);
  const { access_token, scope } = read(tokenResponse, await (await ask(secret)).json());
  expect(scope).toBe('box:read');
  expect(await status(server, access_token, '/v1/default/boxes')).toBe(200);
  expect(await status(server, access_token, '/v1/acme/boxes')).toBe(200);
  expect(await status(server, access_token, '/v1/other/boxes')).toBe(404);
  identity.revoke('client', 'agent');
  expect(await status(server, access_token, '/v1/default/boxes')).toBe(401);
  expect((await ask(secret)).status).toBe(401);
});

test('tokens outlive the server and a rotation, and end where the operator says so', async () => {
  using identity = openIdentity(':memory:');
  const auth = { identity, clients: [{ id: 'test-client', secret: 'test-secret' }] };
  const body = 'grant_type=client_credentials&client_id=test-client&client_secret=test-secret';
  const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization: '' };
  const token = async (): Promise<string> =>
    read(tokenResponse, await (await testServer({ auth }).ask('POST', '/v1/oauth/tokens', { body, headers })).json())
      .access_token;
  const first = await token();
  const server = testServer({ auth });
  expect(await status(server, first, '/v1/boxes')).toBe(200);
  identity.signingKeys.rotate();
  const second = await token();
  const jwks = Object(await (await server.ask('GET', '/.well-known/jwks.json', bearer(''))).json());
  const kids = [first, second].map((one) => decodeProtectedHeader(one).kid);
  expect(jwks.keys.map(({ kid }: { kid: string }) => kid)).toEqual(expect.arrayContaining(kids));
  expect(new Set(kids).size).toBe(2);
  for (const one of [first, second]) expect(await status(server, one, '/v1/boxes')).toBe(200);
  identity.signingKeys.rotate({ endTokens: true });
  for (const one of [first, second]) expect(await status(server, one, '/v1/boxes')).toBe(401);
});

test('64 requests with a key that was never seen pay for one look at its secret, and later ones for none', async () => {
  using identity = openIdentity(':memory:');
  let looks = 0;
  const counted = {
    ...identity,
    matches: (id: string, secret: string) => {
      looks++;
      return identity.matches(id, secret);
    },
  };
  const server = testServer({ auth: { identity: counted } });
  const { value } = await identity.createKey({
    ...{ name: 'ci', tenants: ['a'], permissions: new Set(['box:read'] as const), createdBy: 'test' },
  });
  const all = await Promise.all(Array.from({ length: 64 }, () => status(server, value, '/v1/boxes')));
  expect(new Set(all)).toEqual(new Set([200]));
  expect(await status(server, value, '/v1/boxes')).toBe(200);
  expect(looks).toBe(1);
});
