import { operations, permissions } from '@boxlite/api';
import { expect, test } from 'vitest';
import { testServer } from './testing/test-server.ts';

function concrete(path: string): string {
  return path
    .replace('{prefix}', 'default')
    .replace('{box_id}', 'a')
    .replace('{execution_id}', 'E1')
    .replace('{digest}', 'sha256:0');
}

const guarded = operations.filter((operation) => operation.credential);
const scoped = guarded.filter((operation) => operation.permission !== null);

test('all operations of the contract but four are guarded', () => {
  expect(guarded).toHaveLength(operations.length - 4);
  expect(guarded.filter((one) => !scoped.includes(one)).map(({ operationId }) => operationId)).toEqual(['getMe']);
});

test.each(guarded)('$operationId without a credential is 401 with a challenge', async ({ method, path }) => {
  const response = await testServer().ask(method, concrete(path), { headers: { authorization: '' } });
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toBe('Bearer realm="boxlite"');
});

test.each(scoped)('$operationId with all but $permission is 403 and names it', async ({ method, path, permission }) => {
  const others = permissions.filter((one) => one !== permission);
  const { ask } = testServer({ auth: { apiKeys: [{ key: 'test-key', scopes: others }] } });
  const response = await ask(method, concrete(path));
  expect(response.status).toBe(403);
  expect(response.headers.get('www-authenticate')).toContain(`scope="${permission}"`);
  if (method === 'HEAD') return;
  expect(await response.json()).toMatchObject({ error: { type: 'PermissionError', code: 'permission_denied' } });
});

test.each(scoped)(
  '$operationId with only $permission, or only $scope, is let in',
  async ({ method, path, ...needs }) => {
    for (const name of [needs.permission, needs.scope]) {
      const { ask } = testServer({ auth: { apiKeys: [{ key: 'test-key', scopes: [name ?? ''] }] } });
      const response = await ask(method, concrete(path));
      expect([401, 403, 405]).not.toContain(response.status);
      expect(response.status).toBeLessThan(500);
    }
  },
);

test('a tenant that the credential may not use, or that is no name, is 404', async () => {
  const { ask } = testServer({ auth: { apiKeys: [{ key: 'test-key', tenants: ['mine'] }] } });
  expect((await ask('GET', '/v1/mine/boxes')).status).toBe(200);
  expect((await ask('GET', '/v1/other/boxes')).status).toBe(404);
  expect((await testServer().ask('GET', '/v1/-bad/boxes')).status).toBe(404);
  expect((await testServer().ask('GET', `/v1/${'x'.repeat(129)}/boxes`)).status).toBe(404);
});

test('a credential whose tenant or scope can be none is refused when the server starts', () => {
  for (const grant of [{ tenants: ['boxes'] }, { tenants: ['a/b'] }, { tenants: [''] }, { scopes: ['box:fly'] }]) {
    expect(() => testServer({ auth: { apiKeys: [{ key: 'k', ...grant }] } })).toThrow(/tenant's name|no scope/);
  }
});
