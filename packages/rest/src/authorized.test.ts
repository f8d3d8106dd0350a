import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import {
  authorized,
  type Endpoint,
  ignore,
  impersonating,
  json,
  type LogEntry,
  logged,
  retrying,
  stream,
  sudo,
  TransportError,
} from './index.ts';
import { expecting } from './testing/index.ts';

const post: Endpoint = { method: 'POST', path: '/x', body: json({ a: 1 }) };
const upload: Endpoint = { ...post, body: stream('text/plain', () => new Blob(['bytes']).stream()) };
const get: Endpoint = { method: 'GET', path: '/x' };
const refused = (): Response => new Response(null, { status: 401 });

function counting(): { source: () => { value: string }; made: () => number } {
  let made = 0;
  return { source: () => ({ value: `t${++made}` }), made: () => made };
}

test('after a 401 the token is renewed and the request sent once more, body and all', async () => {
  const body = { a: 1 };
  await using client = expecting([
    { method: 'POST', path: '/x', body, headers: { authorization: 'Bearer t1' }, answer: refused() },
    { method: 'POST', path: '/x', body, headers: { authorization: 'Bearer t2' } },
    { path: '/x', headers: { authorization: 'Bearer t2' } },
  ]);
  const trusted = authorized(client, counting().source);
  await ignore(post).send(trusted);
  await ignore(get).send(trusted);
});

test('a second 401 is the answer', async () => {
  await using client = expecting([
    { path: '/x', answer: refused() },
    { path: '/x', answer: refused() },
  ]);
  await expect(ignore(get).send(authorized(client, counting().source))).rejects.toMatchObject({ status: 401 });
});

test('a body that cannot be sent again is not, but the next request has a new token', async () => {
  await using client = expecting([
    { method: 'POST', path: '/x', body: 'bytes', headers: { authorization: 'key t1' }, answer: refused() },
    { method: 'POST', path: '/x', body: 'bytes', headers: { authorization: 'key t2' } },
  ]);
  const trusted = authorized(client, counting().source, { scheme: 'key' });
  await expect(ignore(upload).send(trusted)).rejects.toMatchObject({ status: 401 });
  await ignore(upload).send(trusted);
});

test('many refused at once renew once', async () => {
  let valid = 't1';
  const source = counting();
  await using base = expecting([]);
  const trusted = authorized(
    {
      ...base,
      send: async ({ headers }) => (headers.get('authorization') === `Bearer ${valid}` ? new Response() : refused()),
    },
    source.source,
  );
  await ignore(get).send(trusted);
  valid = 't2';
  await Promise.all(Array.from({ length: 20 }, () => ignore(get).send(trusted)));
  expect(source.made()).toBe(2);
});

test.each([
  [
    'at once',
    (): never => {
      throw new Error('no token 1');
    },
  ],
  ['later', (): Promise<never> => Promise.reject(new Error('no token 1'))],
])('a renewal that fails %s rejects all who wait, and is not kept', async (_, fail) => {
  let asked = 0;
  await using client = expecting([{ path: '/x', headers: { authorization: 'Bearer good' } }]);
  const trusted = authorized(client, () => (++asked === 1 ? fail() : { value: 'good' }));
  const results = await Promise.allSettled([ignore(get).send(trusted), ignore(get).send(trusted)]);
  expect(results.map((result) => result.status === 'rejected' && String(result.reason))).toEqual([
    'Error: no token 1',
    'Error: no token 1',
  ]);
  await ignore(get).send(trusted);
  expect(asked).toBe(2);
});

test('who waits for a token can leave without harm to the others', async () => {
  const token = Promise.withResolvers<{ value: string }>();
  await using client = expecting([{ path: '/x' }]);
  const trusted = authorized(client, () => token.promise);
  const controller = new AbortController();
  const leaving = ignore(get).send(trusted, { signal: controller.signal });
  const staying = ignore(get).send(trusted);
  controller.abort('gone');
  await expect(leaving).rejects.toBe('gone');
  token.resolve({ value: 't' });
  await staying;
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

test('a token of a life shorter than the margin is still used for half of it', async () => {
  let nowMs = 0;
  let made = 0;
  await using client = expecting([{ path: '/x' }, { path: '/x' }, { path: '/x' }]);
  const source = (): { value: string; expiresAtMs: number } => ({ value: `${++made}`, expiresAtMs: nowMs + 10_000 });
  const trusted = authorized(client, source, { now: () => nowMs });
  await ignore(get).send(trusted);
  nowMs = 4999;
  await ignore(get).send(trusted);
  expect(made).toBe(1);
  nowMs = 5000;
  await ignore(get).send(trusted);
  expect(made).toBe(2);
});

test('retries and renewals work through each other, in either order', async () => {
  const sleep = async (): Promise<void> => {};
  const steps = (): ReturnType<typeof expecting> =>
    expecting([
      { path: '/x', headers: { authorization: 'Bearer t1' }, answer: new TransportError('lost') },
      { path: '/x', headers: { authorization: 'Bearer t1' }, answer: refused() },
      { path: '/x', headers: { authorization: 'Bearer t2' } },
    ]);
  await using one = steps();
  await ignore(get).send(retrying(authorized(one, counting().source), { sleep }));
  await using two = steps();
  await ignore(get).send(authorized(retrying(two, { sleep }), counting().source));
});

test('an abort while a retry waits ends it with the reason, and leaves no timer or listener', async () => {
  await using client = expecting([{ path: '/x', answer: new Response(null, { status: 503 }) }]);
  const controller = new AbortController();
  const slow = retrying(client, { baseMs: 8000, random: () => 1 });
  const sent = ignore(get).send(
    {
      ...slow,
      send: async (request) => {
        setImmediate(() => controller.abort('stop'));
        return slow.send(request);
      },
    },
    { signal: controller.signal },
  );
  await expect(sent).rejects.toBe('stop');
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length).toBeLessThan(2);
});

test('the last transport failure is the one thrown', async () => {
  await using client = expecting([
    { path: '/x', answer: new Response(null, { status: 503 }) },
    { path: '/x', answer: new TransportError('one') },
    { path: '/x', answer: new TransportError('two') },
  ]);
  await expect(ignore(get).send(retrying(client, { sleep: async () => {} }))).rejects.toThrow('two');
});

test('impersonating speaks for every request, unless the endpoint speaks for itself', async () => {
  await using client = expecting([
    { path: '/x', headers: { sudo: 'root' } },
    { path: '/x', headers: { sudo: 'guest' } },
    { path: '/x', headers: { 'x-tenant': '7', sudo: null } },
  ]);
  await ignore(get).send(impersonating(client, 'root'));
  await ignore(sudo(get, 'guest')).send(impersonating(client, 'root'));
  await ignore(get).send(impersonating(client, 7, 'x-tenant'));
});

test('logged tells of answers and of failures, without parameters', async () => {
  const entries: LogEntry[] = [];
  const failure = new TransportError('lost');
  await using client = expecting([
    { path: '/x', params: { key: 's' }, answer: new Response(null, { status: 404, headers: { 'x-request-id': 'r' } }) },
    { path: '/x', answer: failure },
  ]);
  let nowMs = 0;
  const watched = logged(
    client,
    (entry) => entries.push(entry),
    () => (nowMs += 5),
  );
  await ignore({ ...get, params: { key: 's' } })
    .send(watched)
    .catch(() => {});
  await expect(ignore(get).send(watched)).rejects.toBe(failure);
  const url = 'https://api.invalid/v1/x';
  expect(entries).toEqual([
    { method: 'GET', url, durationMs: 5, status: 404, requestId: 'r', error: undefined },
    { method: 'GET', url, durationMs: 5, status: undefined, requestId: undefined, error: failure },
  ]);
});
