import { connect } from 'node:net';
import process from 'node:process';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import type { App } from '../../app.ts';
import type { Reply } from '../../http/reply.ts';
import { listen } from '../../node/listen.ts';
import { records, recordsVariable } from './records.ts';

// What is found wrong here is meant to be, and fails no run.
const folder = process.env[recordsVariable];
beforeEach(() => {
  delete process.env[recordsVariable];
});
afterEach(() => {
  records.wrong.length = 0;
  if (folder !== undefined) process.env[recordsVariable] = folder;
});

const sockets = new WebSocketServer({ noServer: true });

/** A server of ours that gives this answer, and what of it was found wrong once a client has read it. */
async function wrongIn(path: string, app: Partial<App>, head = ''): Promise<string | undefined> {
  const { fetch = async () => new Response() } = app;
  const reply = async (request: Request): Promise<Reply> => {
    const { status, headers, body } = await fetch(request);
    return { status, headers: Object.fromEntries(headers), body };
  };
  const nothing = async (): Promise<void> => {};
  const server = await listen({ upgrade: nothing, connect: nothing, drain() {}, ...app, fetch, reply }, { port: 0 });
  onTestFinished(() => server.close({ graceMs: 0 }));
  const socket = connect(server.port, '127.0.0.1').on('error', () => {});
  socket
    .resume()
    .write(
      `${path.includes(' ') ? path : `GET ${path}`} HTTP/1.1\r\nHost: a\r\n${head || 'Connection: close\r\n'}\r\n`,
    );
  await new Promise((resolve) => socket.once('close', resolve));
  return records.wrong[0];
}

const id = { 'x-request-id': 'one' };
const output = '/v1/boxes/a/executions/b/output';
const streamed = (body: string): Partial<App> => ({
  fetch: async () => new Response(body, { headers: { ...id, 'content-type': 'text/event-stream' } }),
});
const event = (name: string, data: object, at = ''): string =>
  `${at && `id: ${at}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

test.each([
  ['no such event', event('stdin', { data: '' }, '1.0'), /no event "stdin" .*x-sse-events/],
  ['no id', event('stdout', { data: '' }), /event stdout has no id/],
  ['another id', event('stdout', { data: '' }, '7'), /must match pattern .*stdout\/id/],
  ['an id too many', event('exit', { exit_code: 0 }, '1.0'), /event exit has an id/],
  ['other data', event('stdout', { data: 7 }, '1.0'), /event stdout: \/data must be string \(.*OutputEvent/],
  [
    'an event after the last',
    event('exit', {}) + event('stdout', { data: '' }, '1.0'),
    /after exit, which is the last/,
  ],
  ['two lines of data', 'event: exit\ndata: {}\ndata: {}\n\n', /no line of an event: data/],
  ['a field without its space', 'event:exit\n\n', /no line of an event: event:exit/],
  ['an end in the middle', 'event: exit\ndata: {}\n', /ends in the middle of an event/],
])('a stream of events with %s is found', async (_, body, message) => {
  expect(await wrongIn(output, streamed(body))).toMatch(message);
  expect(records.wrong[0]).toContain('(streamExecutionOutput) answered 200 against the contract');
});

test('a stream of events that is what the contract says is not found', async () => {
  const body = `: ping\n\n${event('stdout', { data: 'aGVsbG8K' }, '6.0')}${event('exit', { exit_code: 0 })}`;
  expect(await wrongIn(output, streamed(body))).toBeUndefined();
  expect(records.seen).toContain('streamExecutionOutput 200');
});

test.each([
  [401, { ...id }, /no WWW-Authenticate/],
  [401, { ...id, 'www-authenticate': 'Basic' }, /WWW-Authenticate: it must match pattern/],
  [429, { ...id, 'retry-after': 'soon' }, /Retry-After: it must be integer/],
  [418, { ...id }, /no 418 for getBox/],
  [200, {}, /no X-Request-Id/],
])('a %i whose headers are %o is found', async (status, headers, message) => {
  expect(await wrongIn('/v1/boxes/a', { fetch: async () => Response.json({}, { status, headers }) })).toMatch(message);
});

test.each([
  ['/v1/boxes/a/files?path=/', 'application/x-tar', 'x'.repeat(512), /wrong checksum/],
  ['/v1/boxes/a/files?path=/', 'application/x-tar', '\0'.repeat(512), /without its two blocks of zeros/],
  ['POST /v1/boxes/a/export', 'application/octet-stream', 'BOXLITE-ARCHIV', /no archive of a box/],
])('%s of other bytes is found', async (path, type, body, message) => {
  const answer = new Response(body, { headers: { ...id, 'content-type': type } });
  expect(await wrongIn(path, { fetch: async () => answer })).toMatch(message);
});

const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n`;
const sending = (text: string, name = 'x-request-id'): Partial<App> => ({
  async upgrade(request, socket, head) {
    sockets.once('headers', (lines) => lines.push(`${name}: one`, 'X-Boxlite-Execution-Id: b'));
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.send(Buffer.alloc(70_000));
      client.send(text, () => client.terminate());
    });
  },
});

test.each([
  ['{"type":"exit"}', /sent a message .* required property 'exit_code' .*AttachExit/],
  ['{"type":"bye"}', /no message \{"type":"bye"\}/],
  [`{"type":"exit","exit_code":"${'0'.repeat(200)}"}`, /exit_code must be integer/],
])('the message %s of a WebSocket is found', async (text, message) => {
  expect(await wrongIn('/v1/boxes/a/executions/b/attach', sending(text), upgrade)).toMatch(message);
});

test('an upgrade that is answered without a header is found', async () => {
  expect(await wrongIn('/v1/boxes/a/attach', sending('{"type":"exit","exit_code":0}', 'x'), upgrade)).toMatch(
    /no X-Request-Id/,
  );
});

test.each([
  ['HTTP/1.1 200 OK\r\n\r\n', /no X-Request-Id/],
  ['HTTP/1.1 418 No\r\nX-Request-Id: one\r\nContent-Length: 2\r\n\r\n{}', /no 418 for openTunnel.CONNECT/],
  [
    'HTTP/1.1 404 No\r\nX-Request-Id: one\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
    /required property 'error' .*ErrorResponse/,
  ],
])('the answer %j to a CONNECT is found', async (text, message) => {
  expect(await wrongIn('CONNECT a:1', { connect: async (_, socket) => void socket.end(text) })).toMatch(message);
});
