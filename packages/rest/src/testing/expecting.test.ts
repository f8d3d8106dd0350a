import { expect, test } from 'vitest';
import { type Endpoint, form, ignore, json, query, stream, TransportError } from '../index.ts';
import { type Expectation, expecting } from './index.ts';

const post: Endpoint = { method: 'POST', path: '/x', body: json({ b: [1, { d: 2, c: 3 }], a: undefined }) };

test('a request that is as expected gets its answer, in whatever order its parameters and keys are', async () => {
  await using client = expecting([
    { method: 'POST', path: '/x', body: { b: [1, { c: 3, d: 2 }] }, headers: { 'X-A': '1', 'x-b': null } },
    { path: '/x', params: { a: 1, b: [2, 3] }, answer: Response.json('yes') },
    {
      method: 'PUT',
      path: '/x',
      base: 'instance',
      body: 'a=b',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
    { method: 'PUT', path: '/x', body: Uint8Array.of(255, 0) },
    { path: '/x', answer: async ({ url }) => Response.json(url) },
  ]);
  await ignore({ ...post, headers: { 'x-a': '1' } }).send(client);
  expect(await query({ method: 'GET', path: '/x', params: { b: [2, 3], a: 1 } }).send(client)).toBe('yes');
  await ignore({ method: 'PUT', path: '/x', base: 'instance', body: form({ a: 'b' }) }).send(client);
  const bytes = stream('application/octet-stream', () => Uint8Array.of(255, 0));
  await ignore({ method: 'PUT', path: '/x', body: bytes }).send(client);
  expect(await query({ method: 'GET', path: '/x' }).send(client)).toBe('https://api.invalid/v1/x');
});

const expected: Expectation = { method: 'POST', path: '/x', body: { b: [1, { d: 2, c: 3 }] } };
const differences: [what: string, expectation: Expectation, message: RegExp][] = [
  ['method', { ...expected, method: 'PUT' }, /method is POST, expected PUT/],
  ['path', { ...expected, path: '/y' }, /url is .*\/x, expected .*\/y/],
  ['base', { ...expected, base: 'instance' }, /url is .*\/v1\/x/],
  ['parameter', { ...expected, params: { a: 1 } }, /parameters is \(none\), expected a=1/],
  ['header', { ...expected, headers: { 'idempotency-key': 'k' } }, /header idempotency-key is null, expected k/],
  ['forbidden header', { ...expected, headers: { 'content-type': null } }, /header content-type is application\/json/],
  ['body', { ...expected, body: { b: [] } }, /body is {"b":\[1/],
  ['lack of a body', { method: 'POST', path: '/x' }, /expected \(none\)/],
];

test.each(differences)('another %s fails at once, and again when disposed', async (_, expectation, message) => {
  const client = expecting([expectation]);
  await expect(ignore(post).send(client)).rejects.toThrow(message);
  // Even where the program under test caught the first failure.
  expect(() => client[Symbol.dispose]()).toThrow(message);
  await expect(client[Symbol.asyncDispose]()).rejects.toThrow(message);
});

test('a request too many fails, and so does one that was never made', async () => {
  await expect(ignore(post).send(expecting([]))).rejects.toThrow(/unexpected POST .*\/x/);
  expect(() => expecting([expected, { path: '/y' }]).verify()).toThrow('never asked: POST /x, GET /y');
});

test('a failure of the transport can be played, and an aborted request is none', async () => {
  using client = expecting([{ path: '/x', answer: new TransportError('unplugged') }]);
  const signal = AbortSignal.abort('early');
  await expect(ignore({ method: 'GET', path: '/x' }).send(client, { signal })).rejects.toBe('early');
  await expect(ignore({ method: 'GET', path: '/x' }).send(client)).rejects.toThrow('unplugged');
});
