import { getEventListeners, once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { expect, expectTypeOf, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import {
  type Client,
  type Endpoint,
  fetchClient,
  idempotent,
  ignore,
  json,
  type Pageable,
  paged,
  path,
  query,
  type ReadEndpoint,
  raw,
  retrying,
  SchemaError,
  sudo,
  sudoContext,
  TransportError,
  type WriteEndpoint,
  withHeaders,
} from './index.ts';
import { expecting } from './testing/index.ts';

const Box = z.object({ id: z.string() });
const box = (id: string): ReadEndpoint => ({ method: 'GET', path: path`/boxes/${id}` });
const boxes: Pageable = { method: 'GET', path: '/boxes', pagination: { mode: 'token' } };
const create: WriteEndpoint = { method: 'POST', path: '/boxes', body: json({ name: 'n' }) };

async function listen(handler: RequestListener): Promise<Client> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return fetchClient({ baseUrl: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` });
}

test('the caller picks the result type', async () => {
  await using client = expecting([
    { path: '/boxes/a%2Fb', answer: Response.json({ id: 'x', extra: 1 }) },
    { path: '/boxes/x', answer: Response.json([1]) },
  ]);
  const found = await query(box('a/b'), Box).send(client);
  expect(found).toEqual({ id: 'x' });
  expectTypeOf(found).toEqualTypeOf<{ id: string }>();
  const unchecked = await query(box('x')).send(client);
  expect(unchecked).toEqual([1]);
  expectTypeOf(unchecked).toBeUnknown();
});

test('a body that is not what was asked for is a SchemaError that says where', async () => {
  await using client = expecting([
    { path: '/boxes/x', answer: Response.json({ id: 7 }) },
    { path: '/boxes/x', answer: new Response('<html>') },
  ]);
  const error: unknown = await query(box('x'), Box)
    .send(client)
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SchemaError);
  expect(error).toMatchObject({ code: 'schema', message: expect.stringMatching(/^id: .*string/) });
  await expect(query(box('x'), Box).send(client)).rejects.toMatchObject({
    code: 'schema',
    message: 'not JSON: <html>',
  });
});

test('raw gives the response unread, ignore drops it, and both refuse a failure', async () => {
  const client = await listen((request, response) => {
    response.writeHead(request.url === '/boxes/no' ? 500 : 200).end('bytes');
  });
  expect(await (await raw(box('x')).send(client)).text()).toBe('bytes');
  expect(await ignore(box('x')).send(client)).toBeUndefined();
  await expect(raw(box('no')).send(client)).rejects.toMatchObject({ status: 500, message: 'bytes' });
  await expect(ignore(box('no')).send(client)).rejects.toMatchObject({ status: 500, message: 'bytes' });
});

test('ignored and failed responses give their connection back', async () => {
  const sockets = new Set<unknown>();
  const client = await listen((request, response) => {
    sockets.add(request.socket);
    response.writeHead(request.method === 'GET' ? 200 : 400).end('x'.repeat(10_000));
  });
  for (let round = 0; round < 10; round++) {
    await ignore(box('x')).send(client);
    await ignore(create)
      .send(client)
      .catch(() => {});
  }
  // fetch may open a second one while the first is being given back.
  expect(sockets.size).toBeLessThanOrEqual(2);
});

test('an endless body of a failure is cut off, and its connection closed', async () => {
  const closed = Promise.withResolvers<void>();
  const client = await listen((_, response) => {
    response.on('close', () => closed.resolve());
    response.writeHead(500);
    const more = (): void => {
      while (response.write('x'.repeat(8192)));
    };
    response.on('drain', more);
    more();
  });
  await expect(ignore(box('x')).send(client)).rejects.toMatchObject({ status: 500 });
  await closed.promise;
});

test('an abort throws the reason of the signal, before, during the headers and during the body', async () => {
  let arrived = Promise.withResolvers<void>();
  const client = await listen((request, response) => {
    if (request.url === '/boxes/half') response.writeHead(200).write('{');
    arrived.resolve();
  });
  const reason = { any: 'thing' };
  await expect(query(box('x')).send(client, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  for (const id of ['none', 'half']) {
    arrived = Promise.withResolvers();
    const controller = new AbortController();
    const sent = query(box(id)).send(client, { signal: controller.signal });
    arrived.promise.then(() => controller.abort(reason));
    await expect(sent).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  }
});

test('an abort works even where the transport does not heed it', async () => {
  const controller = new AbortController();
  const deaf: Client = { ...fetchClient({ baseUrl: 'http://x.invalid' }), send: () => new Promise(() => {}) };
  const sent = ignore(box('x')).send(deaf, { signal: controller.signal });
  controller.abort('enough');
  await expect(sent).rejects.toBe('enough');
});

test('no listener stays on a long-lived signal', async () => {
  const client = await listen((_, response) => response.end('{"id":"x"}'));
  const { signal } = new AbortController();
  for (let round = 0; round < 20; round++) await query(box('x'), Box).send(client, { signal });
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a server that is not there, or that hangs up, is a TransportError with its cause', async () => {
  const gone = fetchClient({ baseUrl: 'http://127.0.0.1:1' });
  const error: unknown = await query({ ...box('x'), params: { secret: 's' } })
    .send(gone)
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(TransportError);
  expect(error).toMatchObject({ code: 'transport', cause: expect.any(Error) });
  expect(String(error)).toMatch(/GET http:\/\/127\.0\.0\.1:1\/boxes\/x got no response/);
  expect(String(error)).not.toContain('secret');
  const cut = await listen((_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{', () => response.destroy());
  });
  await expect(query(box('x')).send(cut)).rejects.toMatchObject({ code: 'transport' });
});

test('contexts keep the endpoint what it is, and the last value of a header wins whatever its case', async () => {
  const asRoot = sudoContext('root');
  expectTypeOf(asRoot(boxes)).toEqualTypeOf<Pageable>();
  expectTypeOf(idempotent(create)).toEqualTypeOf<WriteEndpoint>();
  expect(withHeaders({ ...create, headers: { 'X-A': '1' } }, { 'x-a': '2' }).headers).toEqual({ 'x-a': '2' });
  expect(idempotent(create).headers?.['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
  await using client = expecting([
    { path: '/boxes', params: { pageSize: 100 }, headers: { sudo: 'root' }, answer: Response.json([]) },
    { method: 'POST', path: '/boxes', headers: { 'idempotency-key': 'k' }, body: { name: 'n' } },
  ]);
  await paged(asRoot({ ...boxes, pagination: { mode: 'token' } })).send(client);
  await ignore(idempotent(create, 'k')).send(client);
});

test('nonsense does not compile', () => {
  // @ts-expect-error a GET has no body
  const withBody: Endpoint = { method: 'GET', path: '/boxes', body: json({}) };
  // @ts-expect-error nor has a HEAD
  const headBody: Endpoint = { method: 'HEAD', path: '/boxes', body: json({}) };
  // @ts-expect-error nor a list, which is read with GET only
  const listBody: Pageable = { ...boxes, method: 'POST' };
  void [withBody, headBody, listBody];
  void [
    // @ts-expect-error a plain endpoint has no pages
    () => paged(box('x'), Box),
    // @ts-expect-error a finished request cannot be wrapped again
    () => ignore(raw(box('x'))),
    // @ts-expect-error nor walked
    () => paged(ignore(boxes), Box),
    // @ts-expect-error nor impersonated after the fact
    () => sudo(query(box('x'), Box), 'root'),
    // @ts-expect-error nor made idempotent
    () => idempotent(ignore(create)),
    // @ts-expect-error nor put in a context
    () => sudoContext('root')(paged(boxes, Box)),
    // @ts-expect-error a type argument would be a cast: give a schema
    () => query<{ id: string }>(box('x')),
  ];
  expectTypeOf(paged(sudo(boxes, 'root'), Box).send).returns.resolves.toEqualTypeOf<{ id: string }[]>();
});

test('JSON is read up to what the client takes, also where it is unpacked on the way, and a longer answer is left', async () => {
  let left = 0;
  const server = createServer((request, response) => {
    const packed = request.url?.startsWith('/packed');
    response.writeHead(200, { 'content-type': 'application/json', ...(packed && { 'content-encoding': 'gzip' }) });
    const flood = (): void => void (response.destroyed || response.write(' '.repeat(65_536), flood));
    if (packed) response.end(gzipSync(`"${'x'.repeat(1e6)}"`));
    else response.once('close', () => left++) && flood();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const client = fetchClient({ baseUrl: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` });
  const lists = { pagination: { mode: 'page' } } as const;
  const limited = retrying({ ...client, maxJsonLength: 500_000 });
  for (const path of ['/packed', '/endless']) {
    const tooLong = { code: 'transport', message: expect.stringContaining('over 500000 characters') };
    await expect(query({ method: 'GET', path }).send(limited)).rejects.toMatchObject(tooLong);
    await expect(paged({ method: 'GET', path, ...lists }).send(limited)).rejects.toMatchObject(tooLong);
  }
  await expect.poll(() => left).toBe(2);
  expect(await query({ method: 'GET', path: '/packed' }).send(client)).toHaveLength(1e6);
  // Unless it says so, a client takes 2 ** 26.
  await expect(query({ method: 'GET', path: '/endless' }).send(client)).rejects.toThrow(/over 67108864 characters/);
  server.closeAllConnections();
  server.close();
});

test('a body that was read by another is a TransportError, and an error whose body was is still that status', async () => {
  const spent = async (status: number): Promise<Response> => {
    const response = new Response('{}', { status });
    await response.text();
    return response;
  };
  const client = (status: number): Client => fetchClient({ baseUrl: 'http://a/', fetch: () => spent(status) });
  const read = query({ method: 'GET', path: '/' });
  await expect(read.send(client(200))).rejects.toMatchObject({ code: 'transport' });
  await expect(read.send(client(404))).rejects.toMatchObject({ status: 404, body: undefined });
});
