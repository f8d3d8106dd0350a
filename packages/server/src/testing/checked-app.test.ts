import { expect, test } from 'vitest';
import type { App } from '../app.ts';
import type { Reply } from '../http/reply.ts';
import { empty, json, text } from '../http/respond.ts';
import { checkedApp } from './checked-app.ts';

const headers = { 'x-request-id': 'one' };

/** Asks an app that answers this, whatever it is asked. */
async function asked(method: string, path: string, answer: Reply): Promise<Response> {
  const app: App = {
    fetch: async () => Response.error(),
    reply: async () => answer,
    upgrade: async () => {},
    connect: async () => {},
    drain() {},
  };
  return checkedApp(app, '/api').fetch(new Request(`http://server/api${path}`, { method }));
}

test.each([
  ['GET', '/v1/boxes/a', json(200, { box_id: 1 }, headers), /getBox.* 200 .*required property/],
  ['GET', '/v1/boxes/a', json(418, {}, headers), /no 418 for getBox/],
  [
    'GET',
    '/v1/acme/boxes',
    text(200, '[]', { ...headers, 'content-type': 'text/plain' }),
    /content type is text\/plain/,
  ],
  ['GET', '/v1/boxes', json(200, { boxes: [], next_page_token: null }), /no X-Request-Id/],
  ['DELETE', '/v1/boxes/a', json(404, { error: 'gone' }, headers), /removeBox.*error must be object/],
  ['POST', '/v1/boxes', json(201, {}, headers), /no Location/],
  ['POST', '/v1/boxes', json(429, { error: {} }, headers), /no Retry-After/],
  ['PATCH', '/v1/nothing', json(404, { message: 'no' }, headers), /required property 'error'/],
])('%s %s that is not what the contract says is an error', async (method, path, answer, message) => {
  await expect(asked(method, path, answer)).rejects.toThrow(message);
});

test('an answer that is what the contract says comes through, to be read', async () => {
  const answer = await asked('GET', '/v1/boxes', json(200, { boxes: [], next_page_token: null }, headers));
  expect(await answer.json()).toEqual({ boxes: [], next_page_token: null });
  expect((await asked('HEAD', '/v1/boxes/a', empty(404, headers))).status).toBe(404);
});
