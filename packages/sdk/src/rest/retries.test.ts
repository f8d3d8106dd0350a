import { expect, it } from 'vitest';
import { Boxlite } from '../boxlite.ts';
import { type Answer, box, boxPath, json, type Seen, serve } from './testing/generation-1-server.ts';

const retries = { attempts: 4, baseMs: 1, maxMs: 5 };
const keysLast: Answer = (_, response) =>
  json(response, 200, { capabilities: { idempotency_key_lifetime: 'PT24H', get_or_create_enabled: true } });

const keysOf = (seen: readonly Seen[], method: string): unknown[] =>
  seen.filter((one) => one.method === method).map(({ headers }) => headers['idempotency-key']);

it.each([
  ['503', (_: Seen, response: Parameters<Answer>[1]) => json(response, 503, {})],
  ['502', (_: Seen, response: Parameters<Answer>[1]) => json(response, 502, {})],
  ['504', (_: Seen, response: Parameters<Answer>[1]) => json(response, 504, {})],
  [
    '429 with Retry-After',
    (_: Seen, response: Parameters<Answer>[1]) => json(response.setHeader('retry-after', '0'), 429, {}),
  ],
  ['a connection that breaks', (_: Seen, response: Parameters<Answer>[1]) => void response.destroy()],
  [
    'an answer that breaks off',
    (_: Seen, response: Parameters<Answer>[1]) => {
      response.writeHead(201, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"box_id": "', () => response.destroy());
    },
  ],
])('sends what changes something again after %s, with the same key, where the server honours keys', async (_, fail) => {
  let asked = 0;
  await using server = await serve({
    'GET /v1/config': keysLast,
    'POST /v1/default/boxes': (seen, response) => (++asked < 3 ? fail(seen, response) : json(response, 201, box)),
  });
  const runtime = Boxlite.rest({ url: server.url, retries });
  expect((await runtime.create({ image: 'a' })).id).toBe(box.box_id);
  const keys = keysOf(server.seen, 'POST');
  expect(keys).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), keys[0], keys[0]]);
  expect(new Set(server.seen.filter(({ method }) => method === 'POST').map(({ body }) => body)).size).toBe(1);
  expect(server.seen.filter(({ url }) => url === '/v1/config')).toHaveLength(1);
  // Asked of the server each time: a sign while the answer is being made.
  expect(server.seen.map(({ headers }) => headers['prefer'])).toEqual(server.seen.map(() => 'processing'));
});

it('gives up after as many attempts as it may make, and at once when it shall wait too long', async () => {
  await using server = await serve({
    'GET /v1/config': keysLast,
    [`POST ${boxPath}/start`]: (_, response) => json(response, 503, {}),
    [`POST ${boxPath}/pause`]: (_, response) => json(response.setHeader('retry-after', '60'), 503, {}),
    [`GET ${boxPath}`]: (_, response) => json(response, 200, box),
  });
  const found = await Boxlite.rest({ url: server.url, retries }).get(box.box_id);
  await expect(found?.start()).rejects.toMatchObject({ code: 'network_failed' });
  expect(keysOf(server.seen, 'POST')).toHaveLength(4);
  await expect(found?.pause()).rejects.toMatchObject({ code: 'network_failed' });
  expect(keysOf(server.seen, 'POST')).toHaveLength(5);
});

it.each([
  ['says nothing of them', (_: Seen, response: Parameters<Answer>[1]) => json(response, 200, { capabilities: {} })],
  ['has no configuration', (_: Seen, response: Parameters<Answer>[1]) => json(response, 404, {})],
])('does nothing twice on a server that %s', async (_, config) => {
  await using server = await serve({
    'GET /v1/config': config,
    'POST /v1/default/boxes': (_, response) => void response.destroy(),
  });
  await expect(Boxlite.rest({ url: server.url, retries }).create()).rejects.toMatchObject({ code: 'network_failed' });
  expect(keysOf(server.seen, 'POST')).toHaveLength(1);
});

it('asks for a token again when that connection breaks', async () => {
  let asked = 0;
  await using server = await serve({
    'POST /v1/oauth/tokens': (_, response) =>
      ++asked < 2
        ? void response.destroy()
        : json(response, 200, { access_token: 't', token_type: 'bearer', expires_in: 3600 }),
    'GET /v1/default/boxes': (_, response) => json(response, 200, { boxes: [] }),
  });
  const { ClientCredentials } = await import('./credential.ts');
  const credential = new ClientCredentials({ clientId: 'a', clientSecret: 'b' });
  expect(await Boxlite.rest({ url: server.url, credential, retries }).listInfo()).toEqual([]);
});

it('gets or creates a box in one step where the server can', async () => {
  let made = false;
  await using server = await serve({
    'GET /v1/config': keysLast,
    'PUT /v1/default/boxes/demo': (_, response) => {
      json(response, made ? 200 : 201, box);
      made = true;
    },
  });
  const runtime = Boxlite.rest({ url: server.url, retries });
  expect(await runtime.getOrCreate({ image: 'a' }, 'demo')).toMatchObject({ created: true, box: { id: box.box_id } });
  expect(await runtime.getOrCreate({ image: 'a' }, 'demo')).toMatchObject({ created: false });
  expect(server.seen.map(({ method }) => method)).toEqual(['GET', 'PUT', 'PUT']);
  expect(JSON.parse(server.seen[1]?.body ?? '')).toMatchObject({ image: 'a' });
});
