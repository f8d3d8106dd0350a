import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { createdApiKey, openTunnelResponse, read } from '@boxlite/api';
import { ApiKeyCredential, Boxlite, type ByteConnection, InvalidStateError, NetworkError } from 'boxlite';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { type LiveServer, liveServer } from '../testing/live-server.ts';
import { testKey } from '../testing/test-server.ts';

/** A TCP service of this host, which the box in memory takes for one of its own. */
async function service(answer: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    answer(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const echo = (socket: Socket): void => void socket.pipe(socket);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function remote({ listening }: LiveServer): Boxlite {
  return Boxlite.rest({ url: listening.url, credential: new ApiKeyCredential(testKey) });
}

async function ticket(server: LiveServer, port: number, box = 'one'): Promise<{ uri: URL; ticket: string }> {
  const answer = await server.call('POST', `/v1/default/boxes/${box}/network/tunnel?port=${port}`);
  expect(answer.status).toBe(200);
  const way = read(openTunnelResponse, await answer.json());
  return { uri: new URL(way.uri), ticket: way.ticket ?? '' };
}

/** What client 0.10.0 sends after it got the uri: its authority as it is, and no Authorization. */
async function connected(server: LiveServer, uri: URL): Promise<{ socket: Socket; status: string }> {
  const socket = connect({ port: server.listening.port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  const authority = `${uri.username}@${uri.host}`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n\r\n`);
  let head = '';
  while (!head.includes('\r\n\r\n')) {
    await once(socket, 'readable');
    head += socket.read()?.toString('latin1') ?? '';
  }
  const end = head.indexOf('\r\n\r\n') + 4;
  if (head.length > end) socket.unshift(Buffer.from(head.slice(end), 'latin1'));
  return { socket, status: head.slice(0, head.indexOf('\r\n')) };
}

async function write(connection: ByteConnection, bytes: Uint8Array): Promise<void> {
  const writer = connection.writable.getWriter();
  for (let at = 0; at < bytes.length; at += 1_000_000) await writer.write(bytes.subarray(at, at + 1_000_000));
  await writer.close();
}

test('16 MiB go through the SDK to a service of the box and back, and the end after them', async () => {
  const server = await liveServer();
  await server.backend.create({}, 'one');
  const box = await remote(server).get('one');
  const connection = await box?.network.tunnel(await service(echo)).connect();
  if (!connection) throw new Error('no box');
  const bytes = randomBytes(16 * 1024 * 1024);
  const [received] = await Promise.all([Array.fromAsync(connection.readable), write(connection, bytes)]);
  expect(Buffer.concat(received).equals(bytes)).toBe(true);
});

test('a service that ends first is heard to its end, and still hears the client', async () => {
  const server = await liveServer();
  await server.backend.create({}, 'one');
  const heard = Promise.withResolvers<string>();
  const port = await service((socket) => {
    socket.end('bye');
    heard.resolve(text(socket));
  });
  const box = await remote(server).get('one');
  const connection = await box?.network.tunnel(port).connect();
  if (!connection) throw new Error('no box');
  expect(Buffer.concat(await Array.fromAsync(connection.readable)).toString()).toBe('bye');
  await write(connection, Buffer.from('late words'));
  expect(await heard.promise).toBe('late words');
});

test('forward listens on this host and gives each connection its own way into the box', async () => {
  const server = await liveServer();
  await server.backend.create({}, 'one');
  const box = await remote(server).get('one');
  await using forward = await box?.network.tunnel(await service(echo)).forward();
  if (!forward) throw new Error('no box');
  const answers = ['a', 'b'].map(async (word) => {
    const socket = connect({ port: forward.port, host: forward.host, allowHalfOpen: true });
    socket.end(word.repeat(300_000));
    return text(socket);
  });
  expect(await Promise.all(answers)).toEqual(['a'.repeat(300_000), 'b'.repeat(300_000)]);
});

test('a port that nothing listens on is a NetworkError, by the SDK and by CONNECT', async () => {
  const server = await liveServer();
  await server.backend.create({}, 'one');
  const port = await freePort();
  const box = await remote(server).get('one');
  await expect(box?.network.tunnel(port).connect()).rejects.toThrow(NetworkError);
  await expect(box?.network.tunnel(port).connect()).rejects.toThrow(`listens on port ${port}`);
  const { status } = await connected(server, (await ticket(server, port)).uri);
  expect(status).toBe('HTTP/1.1 502 Bad Gateway');
});

test('CONNECT without an Authorization is let in by the ticket in its authority, once', async () => {
  const server = await liveServer();
  await server.backend.create({}, 'one');
  const { uri } = await ticket(server, await service(echo));
  const { socket, status } = await connected(server, uri);
  expect(status).toMatch(/^HTTP\/1\.1 200 /);
  const bytes = randomBytes(16 * 1024 * 1024);
  const [received] = await Promise.all([Array.fromAsync(socket), socket.end(bytes)]);
  expect(Buffer.concat(received).equals(bytes)).toBe(true);
  expect((await connected(server, uri)).status).toBe('HTTP/1.1 401 Unauthorized');
  expect(server.log.filter(({ method }) => method === 'CONNECT').map(({ status: code }) => code)).toEqual([200, 401]);
  expect(JSON.stringify(server.log)).not.toContain(uri.username);
});

test.each(['CONNECT 127.0.0.1:80 HTTP/1.1', 'CONNECT wrong@127.0.0.1:80 HTTP/1.1', 'CONNECT @:@ HTTP/1.1'])(
  '%s is 401 with the envelope',
  async (line) => {
    const server = await liveServer();
    const answer = await server.raw(`${line}\r\nHost: x\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toContain('"code":"unauthenticated"');
  },
);

test('a ticket is of no use after a minute', async () => {
  let nowMs = 1_000_000;
  const server = await liveServer({ nowMs: () => nowMs });
  await server.backend.create({}, 'one');
  const { uri } = await ticket(server, await service(echo));
  nowMs += 60_000;
  expect((await connected(server, uri)).status).toBe('HTTP/1.1 401 Unauthorized');
});

test('a ticket opens neither another port nor another box over WebSocket', async () => {
  const server = await liveServer();
  await server.backend.create({}, 'one');
  await server.backend.create({}, 'two');
  const upgrade = async (box: string, port: number): Promise<string> => {
    const { ticket: key } = await ticket(server, 81);
    const socket = await server.connect();
    socket.write(
      `GET /v1/default/boxes/${box}/network/tunnel/stream?port=${port}&ticket=${key} HTTP/1.1\r\nHost: x\r\n` +
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    const [head] = await once(socket, 'data');
    return String(head).slice(9, 12);
  };
  expect(await upgrade('one', 82)).toBe('404');
  expect(await upgrade('two', 81)).toBe('404');
  expect(await upgrade('one', 81)).toBe('101');
});

test.each([{ network: 'none' }, { network: { inbound: false } }] as const)(
  'a box made with %j gives no tunnel: 409',
  async (options) => {
    const server = await liveServer();
    await server.backend.create(options, 'one');
    const box = await remote(server).get('one');
    await expect(box?.network.tunnel(80).connect()).rejects.toThrow(InvalidStateError);
  },
);

test('a client that goes away ends the connection in the box', async () => {
  const server = await liveServer();
  await server.backend.create({}, 'one');
  const gone = Promise.withResolvers<void>();
  const port = await service((socket) => void socket.once('close', () => gone.resolve()).resume());
  const box = await remote(server).get('one');
  const connection = await box?.network.tunnel(port).connect();
  await connection?.close();
  await gone.promise;
});

test('refusals are listed from a sequence on', async () => {
  const server = await liveServer();
  const made = await server.backend.create({}, 'one');
  const event = {
    at: new Date(1000),
    kind: 'refused',
    protocol: 'tcp',
    address: '10.0.0.1',
    port: 80,
    name: undefined,
    reason: 'private address',
    remedy: 'allow 10.0.0.1:80',
    count: 2,
  } as const;
  made.refusals.push({ ...event, sequence: 1 }, { ...event, sequence: 2 });
  const box = await remote(server).get('one');
  expect(await box?.network.events()).toEqual([
    { ...event, sequence: 1 },
    { ...event, sequence: 2 },
  ]);
  expect(await box?.network.events({ after: 1 })).toEqual([{ ...event, sequence: 2 }]);
});

test('a key that is revoked takes its tunnels with it, and its tickets that nobody has used', async () => {
  const server = await liveServer({ heartbeatMs: 20 });
  await server.backend.create({}, 'one');
  const port = await service(echo);
  const made = await server.call('POST', '/v1/api-keys', {
    body: JSON.stringify({ name: 'gone' }),
    headers: { 'content-type': 'application/json' },
  });
  const headers = { authorization: `Bearer ${read(createdApiKey, await made.json()).value}` };
  const issued = async (): Promise<URL> => {
    const answer = await server.call('POST', `/v1/default/boxes/one/network/tunnel?port=${port}`, { headers });
    return new URL(read(openTunnelResponse, await answer.json()).uri);
  };
  const [byConnect, bySocket, unused] = [await issued(), await issued(), await issued()];
  const stays = (await connected(server, (await ticket(server, port)).uri)).socket;
  const { socket } = await connected(server, byConnect);
  const stream = new URL(`${server.listening.url}/v1/default/boxes/one/network/tunnel/stream`);
  stream.search = `${new URLSearchParams({ port: `${port}`, ticket: bySocket.username })}`;
  const web = new WebSocket(stream);
  await once(web, 'message');
  const ends = [once(socket, 'end'), once(web, 'close')];
  web.on('error', () => {});
  socket.on('error', () => {}).resume();
  expect((await server.call('DELETE', '/v1/api-keys/gone')).status).toBe(204);
  await Promise.all(ends);
  expect((await connected(server, unused)).status).toBe('HTTP/1.1 401 Unauthorized');
  stays.end('still here');
  expect(await text(stays)).toBe('still here');
});
