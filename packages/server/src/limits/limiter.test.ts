import { createdApiKey, read } from '@boxlite/api';
import { expect, test } from 'vitest';
import { liveServer } from '../testing/live-server.ts';
import { testServer } from '../testing/test-server.ts';
import { limiter } from './limiter.ts';

test('what comes too fast waits as long as Retry-After says, and another principal does not', () => {
  let nowMs = 0;
  const { enter } = limiter({ requestsPerSecond: 0.5 }, () => nowMs);
  for (let i = 0; i < 5; i++) enter('a')();
  expect(() => enter('a')).toThrow(expect.objectContaining({ status: 429, headers: { 'retry-after': '2' } }));
  enter('b')();
  nowMs += 1999;
  expect(() => enter('a')).toThrow('0.5 requests a second');
  nowMs += 1;
  enter('a')();
  nowMs -= 60_000;
  expect(() => enter('a')).toThrow('0.5 requests a second');
});

test('over REST that is 429 with the envelope and Retry-After, and what needs no credential still answers', async () => {
  const { ask } = testServer({ limits: { requestsPerSecond: 0.2 } });
  for (let i = 0; i < 2; i++) expect((await ask('GET', '/v1/boxes')).status).toBe(200);
  const response = await ask('GET', '/v1/boxes');
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).toBe('5');
  expect(await response.json()).toMatchObject({ error: { code: 'resource_exhausted' } });
  expect((await ask('GET', '/v1/config')).status).toBe(200);
});

test('streams count as long as they last, however they end', async () => {
  const server = await liveServer({ limits: { requestsAtOnce: 1 } });
  const box = await server.backend.create({}, 'a');
  const execution = await box.exec({ command: 'manual' });
  const output = `/v1/boxes/a/executions/${execution.id}/output`;
  const free = async (): Promise<boolean> => (await server.call('GET', '/v1/boxes')).status === 200;
  const leaving = new AbortController();
  const first = await server.call('GET', output, { signal: leaving.signal });
  expect(first.status).toBe(200);
  const refused = await server.call('GET', '/v1/boxes');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
  leaving.abort();
  await first.body?.cancel().catch(() => {});
  await expect.poll(free).toBe(true);
  const second = await server.call('GET', output);
  execution.push('stdout', 'x');
  execution.finish({ exitCode: 0 });
  await second.text();
  await expect.poll(free).toBe(true);
  expect((await server.call('GET', '/v1/boxes/none')).status).toBe(404);
  expect(await free()).toBe(true);
});

test('a key counts on who made it, and on who made that one: more keys are no more requests', async () => {
  const { ask } = testServer({ limits: { requestsPerSecond: 0.5 } });
  const made = async (name: string, key?: string): Promise<string> => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return read(createdApiKey, await (await ask('POST', '/v1/api-keys', { json: { name }, headers })).json()).value;
  };
  const child = await made('child');
  const keys = [child, await made('grandchild', child)];
  const status = async (key: string): Promise<number> =>
    (await ask('GET', '/v1/boxes', { headers: { authorization: `Bearer ${key}` } })).status;
  for (const key of [...keys, child]) expect(await status(key)).toBe(200);
  for (const key of keys) expect(await status(key)).toBe(429);
  expect((await ask('GET', '/v1/boxes')).status).toBe(429);
});
