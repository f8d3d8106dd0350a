import { createPublicKey } from 'node:crypto';
import { read, scopes, tokenResponse } from '@boxlite/api';
import { decodeJwt, type JWTHeaderParameters, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { openIdentity } from '../identity/identity.ts';
import { type TestServer, testServer } from '../testing/test-server.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded', authorization: '' };
const good = 'grant_type=client_credentials&client_id=test-client&client_secret=test-secret';

function token(server: TestServer, body: string = good): Promise<Response> {
  return server.ask('POST', '/v1/oauth/tokens', { body, headers: form });
}

describe('the token endpoint', () => {
  test('client credentials give a bearer token that opens the API', async () => {
    const server = testServer();
    const response = await token(server);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const { access_token, token_type, expires_in, scope } = read(tokenResponse, await response.json());
    expect({ token_type, expires_in, scope }).toEqual({
      token_type: 'bearer',
      expires_in: 3600,
      scope: scopes.join(' '),
    });
    const headers = { authorization: `Bearer ${access_token}` };
    expect((await server.ask('GET', '/v1/default/boxes', { headers })).status).toBe(200);
    expect((await server.ask('GET', '/v1/default/boxes', { headers })).status).toBe(200);
    expect(decodeJwt(access_token)).toEqual({
      iss: 'boxlite-server',
      aud: 'boxlite',
      sub: 'test-client',
      scope: scopes.join(' '),
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
    });
  });

  test.each([
    ['a wrong grant', 'grant_type=password&client_id=test-client&client_secret=test-secret', 400],
    ['no grant', 'client_id=test-client&client_secret=test-secret', 400],
    ['no secret', 'grant_type=client_credentials&client_id=test-client', 400],
    ['a field given twice', `${good}&client_id=other`, 400],
    ['an unknown scope', `${good}&scope=boxes:everything`, 400],
    ['a wrong secret', 'grant_type=client_credentials&client_id=test-client&client_secret=wrong', 401],
    ['an unknown client', 'grant_type=client_credentials&client_id=nobody&client_secret=test-secret', 401],
  ])('%s is refused', async (_what, body, status) => {
    const response = await token(testServer(), body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code: status } });
  });

  test('JSON instead of a form is 415', async () => {
    expect((await testServer().ask('POST', '/v1/oauth/tokens', { json: {} })).status).toBe(415);
  });

  test('a refusal never repeats the secret', async () => {
    const response = await token(testServer(), 'grant_type=hunter2&client_id=hunter2&client_secret=hunter2');
    expect(await response.text()).not.toContain('hunter2');
  });

  test('a scope narrows the token, and one the client may not have is 400', async () => {
    const server = testServer({
      auth: { clients: [{ id: 'test-client', secret: 'test-secret', scopes: ['boxes:read', 'boxes:write'] }] },
    });
    const { access_token, scope } = read(tokenResponse, await (await token(server, `${good}&scope=boxes:read`)).json());
    expect(scope).toBe('boxes:read');
    const headers = { authorization: `Bearer ${access_token}` };
    expect((await server.ask('GET', '/v1/default/boxes', { headers })).status).toBe(200);
    expect((await server.ask('POST', '/v1/default/boxes', { headers, json: {} })).status).toBe(403);
    expect((await token(server, `${good}&scope=runtime:admin`)).status).toBe(400);
  });
});

describe('a bearer', () => {
  const auth = { clients: [{ id: 'test-client', secret: 'test-secret' }], tokenLifetimeSeconds: 60 };

  async function statusWith(server: TestServer, bearer: string): Promise<number> {
    const response = await server.ask('GET', '/v1/default/boxes', { headers: { authorization: `Bearer ${bearer}` } });
    return response.status;
  }

  test('an expired token is 401, also when it was good before', async () => {
    let nowMs = Date.now();
    const server = testServer({ auth, nowMs: () => nowMs });
    const { access_token } = read(tokenResponse, await (await token(server)).json());
    expect(await statusWith(server, access_token)).toBe(200);
    nowMs += 59_000;
    expect(await statusWith(server, access_token)).toBe(200);
    nowMs += 2_000;
    expect(await statusWith(server, access_token)).toBe(401);
  });

  test('a token of another key, another issuer, no signature or a client that is gone is 401', async () => {
    using identity = openIdentity(':memory:');
    using another = openIdentity(':memory:');
    const server = testServer({ auth: { ...auth, identity } });
    const { kid, key } = identity.signingKeys.current();
    const foreign = another.signingKeys.current();
    const jwt = (header: JWTHeaderParameters, sub = 'test-client', iss = 'boxlite-server'): SignJWT =>
      new SignJWT({ scope: 'boxes:read' })
        .setProtectedHeader(header)
        .setSubject(sub)
        .setAudience('boxlite')
        .setIssuer(iss)
        .setIssuedAt()
        .setJti('1')
        .setExpirationTime('1h');
    const own = { alg: 'EdDSA', kid };
    // The public key, taken for a secret that both sides have.
    const shared = new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }));
    expect(await statusWith(server, await jwt(own).sign(key))).toBe(200);
    for (const wrong of [
      jwt(own).sign(foreign.key),
      jwt({ alg: 'EdDSA', kid: foreign.kid }).sign(foreign.key),
      jwt({ alg: 'EdDSA' }).sign(key),
      jwt(own, 'gone').sign(key),
      jwt(own, 'test-client', 'evil').sign(key),
      jwt({ alg: 'HS256', kid }).sign(shared),
    ]) {
      expect(await statusWith(server, await wrong)).toBe(401);
    }
    const unsigned = new UnsecuredJWT({ scope: 'boxes:read', jti: '1' })
      .setSubject('test-client')
      .setAudience('boxlite')
      .setIssuer('boxlite-server')
      .setIssuedAt()
      .setExpirationTime('1h');
    expect(await statusWith(server, unsigned.encode())).toBe(401);
  });

  test('the scheme is case-insensitive, and anything else is 401', async () => {
    const { ask } = testServer();
    const status = async (authorization: string): Promise<number> =>
      (await ask('GET', '/v1/default/boxes', { headers: { authorization } })).status;
    expect(await status('bearer test-key')).toBe(200);
    expect(await status('Basic dGVzdDp0ZXN0')).toBe(401);
    expect(await status('Bearer')).toBe(401);
    expect(await status('Bearer test-key x')).toBe(401);
    expect(await status(`Bearer ${'x'.repeat(10_000)}`)).toBe(401);
  });
});
