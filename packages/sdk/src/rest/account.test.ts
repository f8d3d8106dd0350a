import { expect, test } from 'vitest';
import { Boxlite } from '../boxlite.ts';
import { AlreadyExistsError, NotFoundError, PermissionError, UnauthorizedError, UnsupportedError } from '../errors.ts';
import { memoryBackend } from '../testing/memory-backend.ts';
import { ApiKeyCredential } from './credential.ts';

interface Sent {
  readonly line: string;
  readonly body: unknown;
  readonly bearer: string | null;
}

function server(answers: Readonly<Record<string, readonly [number, unknown?]>>, pathPrefix = 'acme') {
  const sent: Sent[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    const line = `${request.method} ${new URL(request.url).pathname}`;
    const text = await request.text();
    sent.push({ line, body: text === '' ? undefined : JSON.parse(text), bearer: request.headers.get('authorization') });
    const [status, json] = answers[line] ?? [
      404,
      { error: { message: 'none', type: 'NotFoundError', code: 'not_found' } },
    ];
    return json === undefined ? new Response(null, { status }) : Response.json(json, { status });
  };
  const credential = new ApiKeyCredential('blk_live_mine');
  return { sent, runtime: Boxlite.rest({ url: 'http://server/api', pathPrefix, credential, fetch }) };
}

const refusal = (type: string, code: string): unknown => ({ error: { message: 'no', type, code, request_id: 'r-1' } });

test('me tells who the server takes one for, whatever the tenant in other paths', async () => {
  const { runtime, sent } = server({
    'GET /api/v1/me': [
      200,
      { sub: 'key-1', principal_type: 'service_account', scopes: ['box:read'], path_prefix: 'acme' },
    ],
  });
  expect(await runtime.me()).toEqual({
    id: 'key-1',
    type: 'service_account',
    name: undefined,
    scopes: ['box:read'],
    pathPrefix: 'acme',
    tenants: undefined,
    expiresAt: undefined,
  });
  expect(sent).toEqual([{ line: 'GET /api/v1/me', body: undefined, bearer: 'Bearer blk_live_mine' }]);
});

test('keys are made, listed and revoked in the tenant, with times as dates', async () => {
  const key = {
    name: 'a b',
    permissions: ['box:read'],
    created_at: '2026-02-09T12:00:00Z',
    last_used_at: null,
    expires_at: '2026-03-09T12:00:00Z',
  };
  const { runtime, sent } = server({
    'POST /api/v1/acme/api-keys': [201, { ...key, value: 'blk_live_new' }],
    'GET /api/v1/acme/api-keys': [200, { api_keys: [key] }],
    'DELETE /api/v1/acme/api-keys/a%20b': [204],
  });
  const expiresAt = new Date('2026-03-09T12:00:00Z');
  const made = await runtime.apiKeys.create('a b', { permissions: ['box:read'], expiresAt });
  expect(made).toMatchObject({ value: 'blk_live_new', expiresAt, lastUsedAt: undefined, createdBy: undefined });
  expect(sent[0]?.body).toEqual({ name: 'a b', permissions: ['box:read'], expires_at: '2026-03-09T12:00:00.000Z' });
  const [listed] = await runtime.apiKeys.list();
  expect(listed).toEqual({ ...listed, name: 'a b', createdAt: new Date('2026-02-09T12:00:00Z') });
  expect(listed).not.toHaveProperty('value');
  await runtime.apiKeys.revoke('a b');
  await expect(runtime.apiKeys.revoke('other')).rejects.toThrow(NotFoundError);
});

test('refusals of generation 2 are the same classes, with the request id', async () => {
  for (const [status, type, code, kind] of [
    [401, 'AuthError', 'unauthenticated', UnauthorizedError],
    [403, 'AuthError', 'permission_denied', PermissionError],
    [409, 'AlreadyExistsError', 'already_exists', AlreadyExistsError],
  ] as const) {
    const { runtime } = server({ 'POST /api/v1/acme/api-keys': [status, refusal(type, code)] });
    const failure = await runtime.apiKeys.create('x').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(kind);
    expect(failure).toMatchObject({ requestId: 'r-1' });
  }
});

test('a local runtime has neither', async () => {
  const runtime = Boxlite.over(memoryBackend());
  await expect(runtime.me()).rejects.toThrow(UnsupportedError);
  await expect(runtime.apiKeys.list()).rejects.toThrow(UnsupportedError);
});
