import { getEventListeners, once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import * as z from 'zod';
import {
  authorized,
  type Client,
  type Endpoint,
  events,
  fetchClient,
  idempotent,
  ignore,
  json,
  type Pageable,
  paged,
  query,
  retrying,
  StatusError,
  stream,
  type Token,
} from './index.ts';

// The ten faults of rest-core.md, each against a real server.

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function listen(handler: RequestListener): Promise<Client> {
  const server = createServer(handler);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no port');
  return fetchClient({ baseUrl: `http://127.0.0.1:${address.port}/v1` });
}

function reply(response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const things: Pageable = { method: 'GET', path: '/things', pagination: { mode: 'page' } };
const thing: Endpoint = { method: 'GET', path: '/thing' };
const Item = z.object({ n: z.number() });
const everything = Array.from({ length: 250 }, (_, n) => ({ n }));

function serveNumbers(cap: number, asked: string[], link: boolean): RequestListener {
  return (request: IncomingMessage, response) => {
    const url = new URL(request.url ?? '', `http://${request.headers.host}`);
    asked.push(url.search);
    const size = Math.min(cap, Number(url.searchParams.get('per_page')));
    const page = Number(url.searchParams.get('page'));
    const more = page * size < everything.length;
    url.searchParams.set('page', `${page + 1}`);
    reply(
      response,
      everything.slice((page - 1) * size, page * size),
      link && more ? { link: `<${url}>; rel="next"` } : {},
    );
  };
}

test('1: a limit of 150 with pages of 100 gives exactly 150', async () => {
  const asked: string[] = [];
  const client = await listen(serveNumbers(100, asked, false));
  const list = await paged(things, Item, { limit: 150, pageSize: 100 }).send(client);
  expect(list).toEqual(everything.slice(0, 150));
  expect(asked).toEqual(['?per_page=100&page=1', '?per_page=100&page=2']);
});

test('2: an empty 204 is success, and the status is looked at before the body', async () => {
  const client = await listen((request, response) => {
    if (request.method === 'GET') response.writeHead(204).end();
    else response.writeHead(500, { 'content-type': 'application/json' }).end('{"message": "cut o');
  });
  await expect(ignore(thing).send(client)).resolves.toBeUndefined();
  await expect(query(thing, z.undefined()).send(client)).resolves.toBeUndefined();
  await expect(query(thing, Item).send(client)).rejects.toMatchObject({ code: 'schema' });
  await expect(query({ ...thing, method: 'DELETE' }, Item).send(client)).rejects.toMatchObject({
    code: 'status',
    status: 500,
    body: '{"message": "cut o',
  });
});

test('3: a server that caps the page size does not truncate the list', async () => {
  const asked: string[] = [];
  const client = await listen(serveNumbers(20, asked, true));
  expect(await paged(things, Item, { pageSize: 100 }).send(client)).toEqual(everything);
  expect(asked).toHaveLength(13);
});

test('3: without links, a list that ends at the first empty page survives a cap too', async () => {
  const asked: string[] = [];
  const client = await listen(serveNumbers(50, asked, false));
  const patient: Pageable = { ...things, pagination: { mode: 'page', until: 'empty' } };
  expect(await paged(patient, Item, { pageSize: 100 }).send(client)).toEqual(everything);
  expect(asked).toHaveLength(6);
});

test('4: the next link is found among others, with quoted commas and over several headers', async () => {
  const client = await listen((request, response) => {
    if (request.url?.includes('cursor')) return reply(response, [{ n: 2 }]);
    response.setHeader('link', [
      '<p>; rel="prev"; title="a, <b>; rel=next"',
      '<?cursor=2>; title=","; rel="last next"',
    ]);
    reply(response, [{ n: 1 }]);
  });
  const keyset: Pageable = { ...things, pagination: { mode: 'keyset' } };
  expect(await paged(keyset, Item).send(client)).toEqual([{ n: 1 }, { n: 2 }]);
});

test('5: a next on another origin is refused, and the other server is never asked', async () => {
  let asked = 0;
  const other = await listen((_, response) => {
    asked += 1;
    reply(response, []);
  });
  const client = await listen((_, response) => {
    reply(response, [{ n: 1 }], { link: `<${other.resolve(thing)}>; rel="next"` });
  });
  await expect(paged(things, Item).send(client)).rejects.toThrow(/another origin/);
  expect(asked).toBe(0);
});

test('6: only what can be repeated is retried, within Retry-After and the caps', async () => {
  const asked: string[] = [];
  let retryAfter: string | undefined;
  const client = await listen(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push(`${request.method} ${body}`.trim());
    response
      .writeHead(503, retryAfter === undefined ? {} : { 'retry-after': retryAfter })
      .end(`attempt ${asked.length}`);
  });
  const pauses: number[] = [];
  const patient = retrying(client, {
    attempts: 4,
    baseMs: 100,
    maxMs: 8000,
    totalMs: 10_000,
    random: () => 0.5,
    now: () => Date.UTC(2030, 0, 1),
    sleep: async (ms) => {
      pauses.push(ms);
    },
  });
  const attempt = async (endpoint: Endpoint, after?: string): Promise<unknown> => {
    asked.splice(0);
    pauses.splice(0);
    retryAfter = after;
    const error: unknown = await ignore(endpoint)
      .send(patient)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StatusError);
    // The last failure is the one thrown.
    expect(error).toMatchObject({ status: 503, message: `attempt ${asked.length}` });
    return { asked: [...asked], pauses: [...pauses] };
  };

  const post: Endpoint = { method: 'POST', path: '/thing', body: json({ a: 1 }) };
  const upload: Endpoint = { ...post, body: stream('text/plain', () => 'bytes') };
  const four = Array.from({ length: 4 });
  expect(await attempt(thing)).toEqual({ asked: four.fill('GET'), pauses: [50, 100, 200] });
  expect(await attempt(post)).toEqual({ asked: ['POST {"a":1}'], pauses: [] });
  expect(await attempt({ ...thing, method: 'DELETE' })).toEqual({ asked: ['DELETE'], pauses: [] });
  expect(await attempt(idempotent(post))).toMatchObject({ asked: four.fill('POST {"a":1}') });
  expect(await attempt(idempotent(upload))).toEqual({ asked: ['POST bytes'], pauses: [] });
  expect(
    await attempt(idempotent({ ...post, body: stream('text/plain', () => 'bytes', { replayable: true }) })),
  ).toEqual({
    asked: four.fill('POST bytes'),
    pauses: [50, 100, 200],
  });
  expect(await attempt(thing, '2')).toMatchObject({ pauses: [2000, 2000, 2000] });
  expect(await attempt(thing, 'Tue, 01 Jan 2030 00:00:03 GMT')).toMatchObject({ pauses: [3000, 3000, 3000] });
  expect(await attempt(thing, 'Mon, 31 Dec 2029 00:00:00 GMT')).toMatchObject({ pauses: [0, 0, 0] });
  // Not a number of seconds and not a date: as if it were not there.
  expect(await attempt(thing, '-5')).toMatchObject({ pauses: [50, 100, 200] });
  // Beyond the cap of one wait, and of all waits together.
  expect(await attempt(thing, '9')).toMatchObject({ asked: ['GET'], pauses: [] });
  expect(await attempt(thing, '6')).toMatchObject({ asked: ['GET', 'GET'], pauses: [6000] });
});

test('7: the error says what the server said, in whatever shape, and keeps the status', async () => {
  const shapes: [body: string, message: string][] = [
    ['{"message":"m"}', 'm'],
    ['{"message":{"name":["is taken","is short"]}}', 'name is taken; is short'],
    ['{"error":"e"}', 'e'],
    ['{"error":"invalid_client","error_description":"no such client"}', 'no such client'],
    ['{"error":{"message":"em","code":404}}', 'em'],
    ['{"errors":["a","b"]}', 'a; b'],
    ['{"errors":[{"message":"a"},{"detail":"b"}]}', 'a; b'],
    ['{"detail":{"error":{"message":"nested"}}}', 'nested'],
    ['{"detail":[{"loc":["body"],"msg":"field required"}]}', 'field required'],
    ['{"type":"about:blank","title":"Out of luck"}', 'Out of luck'],
    ['"just a string"', 'just a string'],
    ['plain text\n', 'plain text'],
    ['<!doctype html><html><head><title>Bad Gateway</title></head><body>nginx</body></html>', 'Bad Gateway'],
    ['x'.repeat(2000), `${'x'.repeat(499)}…`],
  ];
  const bodies = shapes.map(([body]) => body);
  const client = await listen((_, response) => response.writeHead(502, { 'x-request-id': 'r-1' }).end(bodies.shift()));
  for (const [, message] of shapes) {
    await expect(query(thing, Item).send(client)).rejects.toMatchObject({
      code: 'status',
      name: 'StatusError',
      status: 502,
      message,
      requestId: 'r-1',
    });
  }
});

test('8: a failed response with an empty body, or with nothing to quote, is still an error', async () => {
  const bodies = ['', '{}', '<html></html>', 'null', '[]'];
  const client = await listen((_, response) => response.writeHead(404).end(bodies.shift()));
  while (bodies.length > 0) {
    await expect(ignore(thing).send(client)).rejects.toMatchObject({
      status: 404,
      message: expect.stringMatching(/^GET http:.*\/v1\/thing answered 404 Not Found$/),
    });
  }
});

test('9: leaving a page loop asks for nothing more and leaves no listener', async () => {
  const asked: string[] = [];
  const client = await listen(serveNumbers(100, asked, true));
  const { signal } = new AbortController();
  for await (const { n } of paged(things, Item).items(client, { signal })) if (n === 99) break;
  expect(asked).toHaveLength(1);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('9: leaving an event loop closes the connection and leaves no listener', async () => {
  const closed = Promise.withResolvers<void>();
  let asked = 0;
  const client = await listen((_, response) => {
    asked += 1;
    response.on('close', () => closed.resolve());
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('id: 1\ndata: {"n":1}\n\n');
  });
  const { signal } = new AbortController();
  for await (const event of events(client, { method: 'GET', path: '/log' }, Item, { signal })) {
    expect(event.data.n).toBe(1);
    break;
  }
  await closed.promise;
  expect(asked).toBe(1);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('10: parallel first calls ask for one token, and it is renewed once before it expires', async () => {
  const seen: (string | undefined)[] = [];
  const client = await listen((request, response) => {
    seen.push(request.headers.authorization);
    reply(response, { n: 1 });
  });
  let nowMs = 1_000_000;
  let made = 0;
  const source = async (): Promise<Token> => ({ value: `t${++made}`, expiresAtMs: nowMs + 3_600_000 });
  const trusted = authorized(client, source, { now: () => nowMs });
  const twenty = async (): Promise<unknown> =>
    Promise.all(Array.from({ length: 20 }, () => query(thing, Item).send(trusted)));
  await twenty();
  expect(new Set(seen.splice(0))).toEqual(new Set(['Bearer t1']));
  nowMs += 3_600_000 - 60_001;
  await twenty();
  expect(made).toBe(1);
  seen.splice(0);
  nowMs += 1;
  await twenty();
  expect(made).toBe(2);
  expect(new Set(seen)).toEqual(new Set(['Bearer t2']));
});
