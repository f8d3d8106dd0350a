import { errorResponse, read } from '@boxlite/api';
import { ExecutionLostError } from 'boxlite/backend';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { type LiveServer, liveServer } from '../testing/live-server.ts';
import type { MemoryExecution } from '../testing/memory-execution.ts';

const path = '/v1/default/boxes/a/exec/tty';

interface Client {
  readonly socket: WebSocket;
  readonly output: Buffer[];
  readonly messages: unknown[];
  readonly closed: Promise<number>;
  pings: number;
}

async function opened(server: LiveServer, query = '', options: { autoPong?: boolean } = {}): Promise<Client> {
  const socket = new WebSocket(`${server.listening.url.replace('http', 'ws')}${path}${query}`, {
    headers: { authorization: 'Bearer test-key' },
    ...options,
  });
  onTestFinished(() => socket.terminate());
  const closed = Promise.withResolvers<number>();
  const open = Promise.withResolvers<void>();
  const client: Client = { socket, output: [], messages: [], closed: closed.promise, pings: 0 };
  socket.on('message', (data, isBinary) => {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
    if (isBinary) client.output.push(bytes);
    else client.messages.push(JSON.parse(bytes.toString()));
  });
  socket.on('ping', () => {
    client.pings++;
  });
  socket.once('open', open.resolve).once('error', open.reject).once('close', closed.resolve);
  await open.promise;
  return client;
}

async function terminalServer(options: Parameters<typeof liveServer>[0] = {}): Promise<{
  server: LiveServer;
  execution: () => MemoryExecution;
}> {
  const server = await liveServer(options);
  const box = await server.backend.create({}, 'a');
  return {
    server,
    execution() {
      const found = box.started.at(-1);
      if (!found) throw new Error('no command was started');
      return found;
    },
  };
}

test('a terminal runs bash in 80 by 24 unless asked otherwise', async () => {
  const { server, execution } = await terminalServer();
  await opened(server);
  expect(execution().options).toEqual({ command: 'bash', args: [], tty: true, size: { cols: 80, rows: 24 } });
  await opened(server, '?command=vi&args=-R&args=a%20b&cols=132&rows=50');
  expect(execution().options).toEqual({ command: 'vi', args: ['-R', 'a b'], tty: true, size: { cols: 132, rows: 50 } });
});

test('input goes in, output comes out, then the exit and a clean close', async () => {
  const { server, execution } = await terminalServer();
  const client = await opened(server, '?command=cat');
  client.socket.send(Buffer.from([0xff, 0, 0x61]));
  client.socket.send(JSON.stringify({ type: 'resize', cols: 100, rows: 30 }));
  await expect.poll(() => Buffer.concat(client.output).toString('hex')).toBe('ff0061');
  await expect.poll(() => execution().sizes).toEqual([{ cols: 100, rows: 30 }]);
  execution().finish({ exitCode: 5 });
  expect(await client.closed).toBe(1000);
  expect(client.messages).toEqual([{ type: 'exit', exit_code: 5 }]);
  expect(execution().signals).toEqual([]);
});

test('a message that makes no sense is answered with an error and the terminal stays', async () => {
  const { server, execution } = await terminalServer();
  const client = await opened(server, '?command=cat');
  const nonsense = ['{', '[]', '{"type":"dance"}', '{"type":"resize","cols":0,"rows":1}', '"\\ud800"'];
  for (const text of nonsense) client.socket.send(text);
  await expect.poll(() => client.messages.length).toBe(nonsense.length);
  for (const message of client.messages) expect(message).toEqual({ type: 'error', message: expect.any(String) });
  client.socket.send(Buffer.from('still here'));
  await expect.poll(() => Buffer.concat(client.output).toString()).toBe('still here');
  expect(execution().sizes).toEqual([]);
});

test('a client that leaves hangs the terminal up', async () => {
  const { server, execution } = await terminalServer();
  const client = await opened(server);
  client.socket.terminate();
  await expect.poll(() => execution().signals).toEqual([1]);
  expect(execution().readers).toBe(0);
});

test('a client that no longer answers pings is gone', async () => {
  const { server, execution } = await terminalServer({ heartbeatMs: 20 });
  const client = await opened(server, '', { autoPong: false });
  await client.closed;
  expect(client.pings).toBeGreaterThan(0);
  await expect.poll(() => execution().signals).toEqual([1]);
});

test('a client whose input the command does not take is held back, not taken for gone', async () => {
  const { server, execution } = await terminalServer({ heartbeatMs: 10 });
  const client = await opened(server, '?command=stuck');
  for (let sent = 0; sent < 4; sent++) client.socket.send(Buffer.alloc(1024 * 1024));
  await expect.poll(() => client.pings).toBeGreaterThan(10);
  expect(client.socket.readyState).toBe(WebSocket.OPEN);
  expect(execution().signals).toEqual([]);
  client.socket.terminate();
  await expect.poll(() => execution().signals).toEqual([1]);
});

test('a frame above 16 MiB closes the terminal', async () => {
  const { server, execution } = await terminalServer();
  const client = await opened(server, '?command=cat');
  client.socket.send(Buffer.alloc(16 * 1024 * 1024 + 1));
  expect(await client.closed).toBe(1009);
  await expect.poll(() => execution().signals).toEqual([1]);
});

test('an exit that nobody knows is an error, never exit code 0', async () => {
  const { server, execution } = await terminalServer();
  const client = await opened(server);
  execution().fail(new ExecutionLostError('the box was lost'));
  expect(await client.closed).toBe(1011);
  expect(client.messages).toEqual([{ type: 'error', message: 'the box was lost' }]);
});

test('a client that reads slowly slows the output down', async () => {
  const { server, execution } = await terminalServer();
  const total = 128 * 1024 * 1024;
  const client = await opened(server, `?command=bytes&args=${total}`);
  client.socket.pause();
  let before = -1;
  const still = (): boolean => {
    const same = execution().generated > 0 && execution().generated === before;
    before = execution().generated;
    return same;
  };
  await expect.poll(still, { interval: 100 }).toBe(true);
  expect(execution().generated).toBeLessThan(total / 2);
  client.socket.resume();
  expect(await client.closed).toBe(1000);
  expect(client.output.reduce((sum, piece) => sum + piece.byteLength, 0)).toBe(total);
});

test('a client that takes no output for many heartbeats keeps its command', async () => {
  const { server, execution } = await terminalServer({ heartbeatMs: 10 });
  const total = 128 * 1024 * 1024;
  const client = await opened(server, `?command=bytes&args=${total}`);
  client.socket.pause();
  const held = execution();
  await expect.poll(() => held.generated).toBeGreaterThan(0);
  // As many beats as another has, far more than the three that may go unanswered.
  const other = await opened(server, '?command=stuck');
  await expect.poll(() => other.pings).toBeGreaterThan(20);
  expect(held.signals).toEqual([]);
  client.socket.resume();
  expect(await client.closed).toBe(1000);
  expect(client.output.reduce((sum, piece) => sum + piece.byteLength, 0)).toBe(total);
});

const handshake = [
  'Host: a',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Authorization: Bearer test-key',
];

test.each([
  ['a missing credential', path, 'Authorization', 401, 'unauthenticated'],
  ['a box that is missing', path.replace('/a/', '/b/'), '', 404, 'not_found'],
  ['a path that is no terminal', '/v1/config/tty', '', 404, 'not_found'],
  ['a command that cannot start', `${path}?command=missing`, '', 422, 'execution_failed'],
  ['a size out of range', `${path}?cols=0`, '', 400, 'invalid_argument'],
  ['a missing key', path, 'Sec-WebSocket-Key', 400, 'invalid_argument'],
  ['a missing version', path, 'Sec-WebSocket-Version', 426, 'invalid_argument'],
  ['a Host that is none', path, 'Host', 400, 'invalid_argument'],
])('%s is a proper HTTP answer before the upgrade', async (_what, target, without, status, code) => {
  const { server } = await terminalServer();
  const lines = handshake.filter((line) => without === '' || !line.startsWith(without));
  if (without === 'Host') lines.push('Host: a b');
  const raw = await server.raw(`GET ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  const [head = '', body = ''] = raw.split('\r\n\r\n');
  expect(Number(head.split(' ')[1])).toBe(status);
  expect(head.toLowerCase()).toContain('x-request-id: ');
  expect(read(errorResponse, JSON.parse(body)).error.code).toBe(code);
});

test('a plain GET is told to upgrade', async () => {
  const { server } = await terminalServer();
  const response = await server.call('GET', path);
  expect(response.status).toBe(426);
  expect(response.headers.get('upgrade')).toBe('websocket');
  expect(server.backend.boxes[0]?.started).toEqual([]);
});

test('a handshake that fails at the last moment hangs the command up', async () => {
  const { server, execution } = await terminalServer();
  const raw = await server.raw(
    `GET ${path} HTTP/1.1\r\n${handshake.join('\r\n')}\r\nSec-WebSocket-Protocol: a,,b\r\n\r\n`,
  );
  expect(raw).toMatch(/^HTTP\/1.1 400 /);
  await expect.poll(() => execution().signals).toEqual([1]);
});
