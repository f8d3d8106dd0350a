import { once } from 'node:events';
import { expect, test } from 'vitest';
import { type LiveServer, liveServer } from '../testing/live-server.ts';

/** A server that makes boxes only once it is let, and says how many are under way. */
async function heldServer(): Promise<LiveServer & { readonly waiting: () => number; readonly go: () => void }> {
  const server = await liveServer({}, { limits: { processingMs: 100 } });
  const { promise, resolve } = Promise.withResolvers<void>();
  const { backend } = server;
  const make = backend.create.bind(backend);
  let waiting = 0;
  backend.create = async (...args) => {
    waiting++;
    await promise;
    return make(...args);
  };
  return { ...server, waiting: () => waiting, go: resolve };
}

const post = (version: string, more = ''): string =>
  `POST /v1/default/boxes HTTP/${version}\r\nHost: a\r\nAuthorization: Bearer test-key\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n${more}\r\n{}`;

const interim = 'HTTP/1.1 102 Processing\r\n\r\n';

test('who asks for it is told that the answer is still being made, and nobody else', async () => {
  const server = await heldServer();
  const socket = await server.connect();
  let told = '';
  socket.setEncoding('latin1').on('data', (piece) => {
    told += piece;
  });
  const others = [
    server.raw(post('1.1')),
    server.raw(post('1.1', 'Prefer: respond-async, wait=100\r\n')),
    server.raw(post('1.1', 'Prefer: processings\r\n')),
    // A proxy in between that speaks HTTP/1.0 may pass the header on.
    server.raw(post('1.0', 'Prefer: processing\r\n')),
  ];
  socket.write(post('1.1', 'Prefer: handling=strict, Processing; x=1\r\n'));
  await expect.poll(() => server.waiting()).toBe(5);
  await expect.poll(() => told.split(interim).length).toBeGreaterThan(3);
  server.go();
  await once(socket, 'close');
  expect(told.slice(told.lastIndexOf(interim) + interim.length)).toMatch(/^HTTP\/1\.1 201 /);
  for (const answer of await Promise.all(others)) expect(answer).toMatch(/^HTTP\/1\.1 201 /);
});

test('what is told of an answer that waits for the one before it on the same connection comes between the two', async () => {
  const server = await heldServer();
  const { backend, waiting, go } = server;
  const later = Promise.withResolvers<void>();
  const { images } = backend;
  const pull = images.pull.bind(images);
  images.pull = async (...args) => {
    await later.promise;
    return pull(...args);
  };
  const socket = await server.connect();
  let told = '';
  socket.setEncoding('latin1').on('data', (piece) => {
    told += piece;
  });
  const body = '{"reference":"alpine"}';
  const second = post('1.1', 'Prefer: processing\r\n')
    .replace('/boxes', '/images/pull')
    .replace('Content-Length: 2', `Content-Length: ${body.length}`)
    .replace(/\{\}$/, body);
  socket.write(post('1.1', 'Prefer: processing\r\n').replace('Connection: close\r\n', '') + second);
  await expect.poll(waiting).toBe(1);
  // Both are told of equally often, and the first has been told of three times.
  await expect.poll(() => told.split(interim).length).toBeGreaterThan(3);
  go();
  await expect.poll(() => told).toMatch(/HTTP\/1.1 201 .*\}HTTP\/1\.1 102 Processing\r\n\r\n/s);
  later.resolve();
  await once(socket, 'close');
  const [, pulled = ''] = told.split(/(?=HTTP\/1\.1 200 )/);
  expect(pulled).toMatch(/^HTTP\/1\.1 200 [^{]*\r\n\r\n\{/);
  expect(pulled).not.toContain(interim);
});

test("the patience of Node's fetch begins anew with each, and one that comes while a body is sent harms nothing", async () => {
  const server = await heldServer();
  const { go, backend } = server;
  backend.importBox = async (archive) => {
    // What is under way is an upload of which one piece has come.
    await archive.getReader().read();
    return backend.create({}, undefined);
  };
  // The class of the dispatcher that fetch has; what makes it wait 300 s is an option of it.
  await fetch(`${server.listening.url}/health`);
  const Dispatcher = Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1')).constructor;
  const dispatcher = new Dispatcher({ headersTimeout: 1000 });
  const init = (headers: Readonly<Record<string, string>>): RequestInit =>
    Object.assign({ headers: { 'content-type': 'application/json', ...headers }, body: '{}' }, { dispatcher });
  const asking = server.call('POST', '/v1/default/boxes', init({ prefer: 'processing' }));
  const upload = new TransformStream<Uint8Array, Uint8Array>();
  const writer = upload.writable.getWriter();
  const sending = {
    ...init({ prefer: 'processing', 'content-type': 'application/octet-stream' }),
    ...{ body: upload.readable, duplex: 'half' },
  };
  const uploading = server.call('POST', '/v1/default/boxes/import', sending);
  await writer.write(new Uint8Array(1000));
  await expect.poll(() => server.waiting()).toBe(2);
  await expect(server.call('POST', '/v1/default/boxes', init({}))).rejects.toMatchObject({
    cause: { name: 'HeadersTimeoutError' },
  });
  go();
  expect((await asking).status).toBe(201);
  await writer.close();
  expect((await uploading).status).toBe(201);
  await dispatcher.close();
});
