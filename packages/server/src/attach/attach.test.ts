import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { ExecutionLostError, OutputTruncatedError } from 'boxlite/backend';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { type LiveServer, liveServer } from '../testing/live-server.ts';
import type { MemoryExecution } from '../testing/memory-execution.ts';

interface Client {
  readonly socket: WebSocket;
  readonly frames: Buffer[];
  readonly messages: unknown[];
  readonly closed: Promise<number>;
  /** The headers of the answer to the handshake. */
  readonly answer: Readonly<Record<string, unknown>>;
  pings: number;
}

async function attached(url: string, options: { readonly autoPong?: boolean } = {}): Promise<Client> {
  const socket = new WebSocket(url.replace('http', 'ws'), {
    headers: { authorization: 'Bearer test-key' },
    ...options,
  });
  onTestFinished(() => socket.terminate());
  const closed = Promise.withResolvers<number>();
  const open = Promise.withResolvers<void>();
  const answer: Record<string, unknown> = {};
  const client: Client = { socket, frames: [], messages: [], closed: closed.promise, answer, pings: 0 };
  socket.on('message', (data, isBinary) => {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
    if (isBinary) client.frames.push(bytes);
    else client.messages.push(JSON.parse(bytes.toString()));
  });
  socket.on('ping', () => {
    client.pings++;
  });
  socket.once('upgrade', ({ headers }) => Object.assign(answer, headers));
  socket.once('open', open.resolve).once('error', open.reject).once('close', closed.resolve);
  await open.promise;
  return client;
}

/** On a busy machine a second is not long. */
const eventually = <T>(get: () => T): ReturnType<typeof expect.poll<T>> => expect.poll(get, { timeout: 15_000 });

const text = (frames: readonly Buffer[], channel: 1 | 2): string =>
  Buffer.concat(frames.filter((frame) => frame[0] === channel).map((frame) => frame.subarray(1))).toString();

/** A server with one execution. */
async function site(
  command = 'run',
  options: Parameters<typeof liveServer>[0] = {},
): Promise<{ server: LiveServer; execution: MemoryExecution; path: string; url: string }> {
  const server = await liveServer(options);
  const box = await server.backend.create({}, 'a');
  const execution = await box.exec({ command });
  const path = `/v1/default/boxes/a/executions/${execution.id}/attach`;
  return { server, execution, path, url: `${server.listening.url}${path}` };
}

test('a frame comes at once, although the command says nothing', async () => {
  const { url } = await site();
  const client = await attached(url);
  await eventually(() => client.pings).toBe(1);
  expect(client.answer).toMatchObject({ 'x-boxlite-execution-id': 'E1', 'x-request-id': expect.any(String) });
});

test('both streams come framed, no character in two pieces, then the exit and a clean close', async () => {
  const { execution, url } = await site();
  const client = await attached(url);
  execution.push('stdout', Buffer.from([0x61, 0xe2, 0x82]));
  execution.push('stderr', 'oops');
  execution.push('stdout', Buffer.from([0xac]));
  execution.push('stdout', Buffer.from([0xff, 0xe2]));
  execution.finish({ exitCode: 5 });
  expect(await client.closed).toBe(1000);
  expect(client.frames.map((frame) => frame.toString('latin1'))).toEqual([
    '\x01a',
    '\x02oops',
    '\x01\xe2\x82\xac',
    '\x01\xff',
    '\x01\xe2',
  ]);
  expect(client.messages).toEqual([{ type: 'exit', exit_code: 5 }]);
});

test('a signal N is the exit code -N', async () => {
  const { execution, url } = await site();
  const client = await attached(url);
  execution.finish({ exitCode: 137, signal: 'SIGKILL', status: 'killed' });
  await client.closed;
  expect(client.messages).toEqual([{ type: 'exit', exit_code: -9, signal: 'SIGKILL' }]);
});

test('input of several MiB goes in as it is, and its end as often as it is said', async () => {
  const { execution, url } = await site('cat');
  const client = await attached(url);
  const input = Buffer.alloc(3 * 1024 * 1024, 'stdin ');
  client.socket.send(input);
  for (let i = 0; i < 3; i++) client.socket.send('{"type":"stdin_eof"}');
  expect(await client.closed).toBe(1000);
  expect(Buffer.concat(execution.input).equals(input)).toBe(true);
  expect(text(client.frames, 1)).toBe(input.toString());
  expect(client.messages).toEqual([{ type: 'exit', exit_code: 0 }]);
});

test('sizes and signals pass also when the command takes no input', async () => {
  const { execution, url } = await site('stuck');
  const client = await attached(url);
  client.socket.send(Buffer.alloc(1000));
  client.socket.send('{"type":"resize","cols":100,"rows":30}');
  client.socket.send('{"type":"signal","sig":15}');
  await client.closed;
  expect(execution.sizes).toEqual([{ cols: 100, rows: 30 }]);
  expect(execution.signals).toEqual([15]);
});

test('a message that makes no sense is answered with what is wrong, and the connection stays', async () => {
  const { execution, url } = await site();
  const client = await attached(url);
  const nonsense: [string, RegExp][] = [
    ['{', /JSON/],
    ['[]', /type must be/],
    ['{"cols":1}', /type must be stdin_eof, resize or signal/],
    ['{"type":"dance"}', /type must be stdin_eof, resize or signal/],
    ['{"type":"resize","cols":0,"rows":1}', /cols must be a whole number from 1/],
    ['{"type":"resize","cols":1}', /rows must be/],
    ['{"type":"signal","sig":9}', /sig must be one of 1, 2, 3, 6, 10, 12, 15, 28/],
    ['{"type":"signal"}', /sig must be/],
  ];
  for (const [message] of nonsense) client.socket.send(message);
  await eventually(() => client.messages.length).toBe(nonsense.length);
  for (const [index, [, rule]] of nonsense.entries()) {
    expect(client.messages[index]).toEqual({ type: 'error', message: expect.stringMatching(rule) });
  }
  execution.finish({ exitCode: 0 });
  expect(await client.closed).toBe(1000);
});

test('only one client has an execution; who comes when it has left gets what it was not given', async () => {
  const { server, execution, path, url } = await site();
  const first = await attached(url);
  execution.push('stdout', 'A');
  await eventually(() => text(first.frames, 1)).toBe('A');
  expect((await server.call('GET', path)).status).toBe(426);
  await expect(attached(url)).rejects.toThrow('409');
  // A pong for the frame before: the ping of the next one is answered only after it.
  await eventually(() => first.pings).toBeGreaterThan(1);
  first.socket.terminate();
  execution.push('stdout', 'B');
  await eventually(() => execution.readers).toBe(0);
  const second = await attached(url);
  execution.finish({ exitCode: 0 });
  expect(await second.closed).toBe(1000);
  expect(text(second.frames, 1)).toBe('B');
  const third = await attached(url);
  expect(await third.closed).toBe(1000);
  expect(third.frames).toEqual([]);
  expect(third.messages).toEqual([{ type: 'exit', exit_code: 0 }]);
});

test('what a client did not answer for comes again: bytes on a connection that breaks are not lost', async () => {
  const { execution, url } = await site();
  const first = await attached(url, { autoPong: false });
  execution.push('stdout', 'A');
  await eventually(() => text(first.frames, 1)).toBe('A');
  first.socket.terminate();
  await eventually(() => execution.readers).toBe(0);
  const second = await attached(url);
  execution.finish({ exitCode: 0 });
  await second.closed;
  expect(text(second.frames, 1)).toBe('A');
});

test('input that a client sent goes to the command after it has left, before that of the next', async () => {
  const { execution, url } = await site('cat');
  const first = await attached(url);
  first.socket.send(Buffer.from('one '));
  first.socket.send(Buffer.from('two '));
  first.socket.close();
  await first.closed;
  const second = await attached(url);
  second.socket.send(Buffer.from('three'));
  second.socket.send('{"type":"stdin_eof"}');
  await second.closed;
  expect(Buffer.concat(execution.input).toString()).toBe('one two three');
});

test('a client that is silent for long is gone, and the execution is free and runs on', async () => {
  const { execution, url } = await site('run', { heartbeatMs: 20 });
  const client = await attached(url, { autoPong: false });
  expect(await client.closed).toBe(1006);
  await eventually(() => execution.readers).toBe(0);
  expect(execution.signals).toEqual([]);
  const next = await attached(url);
  execution.finish({ exitCode: 0 });
  expect(await next.closed).toBe(1000);
});

test('a client that does not read holds the output back, and is let go of', async () => {
  const server = await liveServer({ heartbeatMs: 50 });
  const box = await server.backend.create({}, 'a');
  const execution = await box.exec({ command: 'bytes', args: [`${256 * 1024 * 1024}`] });
  const socket = await server.connect();
  socket.pause();
  const head = [
    `GET /v1/boxes/a/executions/${execution.id}/attach HTTP/1.1`,
    'Host: server',
    'Authorization: Bearer test-key',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  await eventually(() => execution.readers).toBe(1);
  await eventually(() => execution.readers).toBe(0);
  expect(execution.generated).toBeLessThan(64 * 1024 * 1024);
});

test('an exit that nobody knows is an error and close 1011, never a code', async () => {
  const { execution, url } = await site();
  const client = await attached(url);
  execution.fail(new ExecutionLostError('its box went away'));
  expect(await client.closed).toBe(1011);
  expect(client.messages).toEqual([{ type: 'error', message: 'its box went away' }]);
});

test('output that was cut is said, and the exit follows', async () => {
  const { execution, url } = await site();
  execution.cut(new OutputTruncatedError('the log is full'));
  execution.finish({ exitCode: 3 });
  const client = await attached(url);
  expect(await client.closed).toBe(1000);
  expect(client.messages).toEqual([
    { type: 'error', message: 'the log is full' },
    { type: 'exit', exit_code: 3 },
  ]);
});

test('an execution that is not there is a 404 before the handshake', async () => {
  const { server } = await site();
  await expect(attached(`${server.listening.url}/v1/boxes/a/executions/none/attach`)).rejects.toThrow('404');
  await expect(attached(`${server.listening.url}/v1/boxes/none/executions/E1/attach`)).rejects.toThrow('404');
});

test('a removed execution is gone, but a client that was about to attach learns how it ended', async () => {
  const { server, execution, path, url } = await site();
  const other = await server.backend.create({}, 'b');
  const status = path.replace('/attach', '');
  expect((await server.call('DELETE', status)).status).toBe(204);
  expect(execution.signals).toEqual([9]);
  for (const method of ['GET', 'DELETE']) expect((await server.call(method, status)).status).toBe(404);
  await expect(attached(url.replace('/a/', `/${other.name}/`))).rejects.toThrow('404');
  const client = await attached(url);
  expect(await client.closed).toBe(1000);
  expect(client.messages).toEqual([{ type: 'exit', exit_code: -9, signal: 'SIG9' }]);
});

test('the main command can be attached to before it is started', async () => {
  const server = await liveServer();
  const box = await server.backend.create({}, 'a');
  const client = await attached(`${server.listening.url}/v1/boxes/a/attach`);
  expect(client.answer).toMatchObject({ 'x-boxlite-execution-id': 'E1' });
  client.socket.send(Buffer.from('early'));
  client.socket.send('{"type":"stdin_eof"}');
  await box.exec({ command: 'cat' });
  expect(await client.closed).toBe(1000);
  expect(text(client.frames, 1)).toBe('early');
});

test('a peer that vanishes without a word is found out', async () => {
  const { execution, url, server } = await site('run', { heartbeatMs: 20 });
  // A link that swallows all from a moment on.
  let cut = false;
  const relay = createServer((left) => {
    const right = connect(server.listening.port, '127.0.0.1');
    onTestFinished(() => void [left, right].map((one) => one.destroy()));
    left.on('data', (data) => cut || right.write(data)).on('error', () => {});
    right.on('data', (data) => cut || left.write(data)).on('error', () => {});
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  onTestFinished(() => void relay.close());
  const address = relay.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const client = await attached(url.replace(`:${server.listening.port}`, `:${port}`));
  await eventually(() => client.pings).toBeGreaterThan(0);
  cut = true;
  await eventually(() => execution.readers).toBe(0);
});
