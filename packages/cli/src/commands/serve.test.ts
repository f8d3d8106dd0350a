import { expect, test } from 'vitest';
import { credentials } from './serve.ts';

test('without any credential a key is made, and only on loopback', () => {
  const { auth, madeKey } = credentials({ host: '127.0.0.1' });
  expect(madeKey).toMatch(/^blk_[\w-]{32}$/);
  expect(auth.apiKeys?.map(({ key }) => key)).toEqual([madeKey]);
  expect(() => credentials({ host: '0.0.0.0' })).toThrow('to listen on 0.0.0.0, give --api-key or --oauth-client');
});

test('an explicit credential opens every address and makes no key', () => {
  expect(credentials({ host: '0.0.0.0', apiKey: ['secret'] }).madeKey).toBeUndefined();
  expect(credentials({ host: '::', oauthClient: ['id:se:cret'] }).auth.clients).toEqual([
    { id: 'id', secret: 'se:cret' },
  ]);
});

test('--dev adds the well-known client, on loopback only, whatever else is given', () => {
  expect(credentials({ host: 'localhost', dev: true }).auth.clients).toEqual([
    { id: 'test-client', secret: 'test-secret' },
  ]);
  expect(() => credentials({ host: '0.0.0.0', dev: true, apiKey: ['secret'] })).toThrow('--dev works on loopback only');
});

test('an OAuth2 client needs an id and a secret, and a key is not empty', () => {
  for (const wrong of ['id', ':secret', 'id:']) {
    expect(() => credentials({ host: '::1', oauthClient: [wrong] })).toThrow('--oauth-client must be ID:SECRET');
  }
  expect(() => credentials({ host: '::1', apiKey: [''] })).toThrow('--api-key must not be empty');
});
