import { expect, test } from 'vitest';
import type { App } from '../app.ts';
import { checkedApp } from './checked-app.ts';

const headers = { 'x-request-id': 'one' };

/** Asks an app that answers this, whatever it is asked. */
async function asked(method: string, path: string, answer: Response): Promise<Response> {
  const app: App = { fetch: async () => answer, upgrade: async () => {}, connect: async () => {}, drain() {} };
  return checkedApp(app, '/api').fetch(new Request(`http://server/api${path}`, { method }));
}

test.each([
  ['GET', '/v1/boxes/a', Response.json({ box_id: 1 }, { headers }), /getBox.* 200 .*required property/],
  ['GET', '/v1/boxes/a', Response.json({}, { status: 418, headers }), /no 418 for getBox/],
  ['GET', '/v1/acme/boxes', new Response('[]', { headers }), /content type is text\/plain/],
  ['GET', '/v1/boxes', Response.json({ boxes: [], next_page_token: null }), /no X-Request-Id/],
  [
    'DELETE',
    '/v1/boxes/a',
    Response.json({ error: 'gone' }, { status: 404, headers }),
    /removeBox.*error must be object/,
  ],
  ['POST', '/v1/boxes', Response.json({}, { status: 201, headers }), /no Location/],
  ['POST', '/v1/boxes', Response.json({ error: {} }, { status: 429, headers }), /no Retry-After/],
  ['PATCH', '/v1/nothing', Response.json({ message: 'no' }, { status: 404, headers }), /required property 'error'/],
])('%s %s that is not what the contract says is an error', async (method, path, answer, message) => {
  await expect(asked(method, path, answer)).rejects.toThrow(message);
});

test('an answer that is what the contract says comes through, to be read', async () => {
  const answer = await asked('GET', '/v1/boxes', Response.json({ boxes: [], next_page_token: null }, { headers }));
  expect(await answer.json()).toEqual({ boxes: [], next_page_token: null });
  expect((await asked('HEAD', '/v1/boxes/a', new Response(null, { status: 404, headers }))).status).toBe(404);
});
