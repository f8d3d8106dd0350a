import { operations } from '@boxlite/api';
import { expect, test } from 'vitest';
import { testServer } from './testing/test-server.ts';

function concrete(path: string): string {
  return path
    .replace('{prefix}', 'default')
    .replace('{box_id}', 'a')
    .replace('{execution_id}', 'E1')
    .replace('{digest}', 'sha256:0');
}

const guarded = operations.filter((operation) => operation.scope !== null);

test('all operations of the contract but three are guarded', () => {
  expect(guarded).toHaveLength(operations.length - 3);
});

test.each(guarded)('$operationId without a credential is 401 with a challenge', async ({ method, path }) => {
  const response = await testServer().ask(method, concrete(path), { headers: { authorization: '' } });
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toBe('Bearer realm="boxlite"');
});

test.each(guarded)('$operationId with every scope but $scope is 403 and names it', async ({ method, path, scope }) => {
  const others = guarded.flatMap((one) => (one.scope === null || one.scope === scope ? [] : [one.scope]));
  const { ask } = testServer({ auth: { apiKeys: [{ key: 'test-key', scopes: others }] } });
  const response = await ask(method, concrete(path));
  expect(response.status).toBe(403);
  expect(response.headers.get('www-authenticate')).toContain(`scope="${scope}"`);
  if (method !== 'HEAD') expect(await response.json()).toMatchObject({ error: { type: 'PermissionError', code: 403 } });
});

test.each(guarded)('$operationId with only $scope is let in', async ({ method, path, scope }) => {
  const { ask } = testServer({ auth: { apiKeys: [{ key: 'test-key', scopes: scope === null ? [] : [scope] }] } });
  const response = await ask(method, concrete(path));
  expect([401, 403, 405]).not.toContain(response.status);
  expect(response.status).toBeLessThan(500);
});

test('a tenant that the credential may not use, or that is no name, is 404', async () => {
  const { ask } = testServer({ auth: { apiKeys: [{ key: 'test-key', tenants: ['mine'] }] } });
  expect((await ask('GET', '/v1/mine/boxes')).status).toBe(200);
  expect((await ask('GET', '/v1/other/boxes')).status).toBe(404);
  expect((await testServer().ask('GET', '/v1/-bad/boxes')).status).toBe(404);
  expect((await testServer().ask('GET', `/v1/${'x'.repeat(129)}/boxes`)).status).toBe(404);
});
