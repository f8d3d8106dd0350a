import { expect, test } from 'vitest';
import { pathTree } from './path-tree.ts';

const find = pathTree(
  ['/v1/boxes', '/v1/boxes/{box}', '/v1/boxes/import', '/v1/{prefix}/boxes/{box}', '/v1/boxes/{box}/files'].map(
    (path) => [path, path] as const,
  ),
);

test.each([
  ['/v1/boxes', '/v1/boxes', {}],
  ['/v1/boxes/a', '/v1/boxes/{box}', { box: 'a' }],
  ['/v1/boxes/import', '/v1/boxes/import', {}],
  // A fixed segment that leads nowhere is a name like any other.
  ['/v1/boxes/import/files', '/v1/boxes/{box}/files', { box: 'import' }],
  ['/v1/boxes/boxes', '/v1/boxes/{box}', { box: 'boxes' }],
  ['/v1/acme/boxes/a', '/v1/{prefix}/boxes/{box}', { prefix: 'acme', box: 'a' }],
  ['/v1/boxes/boxes/a', '/v1/{prefix}/boxes/{box}', { prefix: 'boxes', box: 'a' }],
  ['/v1/b%6fxes/a%2Fb%2541', '/v1/boxes/{box}', { box: 'a/b%41' }],
  ['/v1/boxes/__proto__', '/v1/boxes/{box}', { box: '__proto__' }],
])('%s leads to %s', (path, value, params) => {
  expect(find(path)).toEqual({ value, params });
});

test.each([
  '',
  '/',
  '/v1',
  '/v1/',
  '/v1/boxes/',
  '/v1//boxes/a',
  '//v1/boxes',
  '/v1/boxes/a/b',
  '/V1/boxes',
  '/v1%2Fboxes',
])('%s leads nowhere', (path) => expect(find(path)).toBeUndefined());
