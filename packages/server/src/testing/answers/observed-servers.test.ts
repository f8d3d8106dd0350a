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

const entry = {
  name: 'a',
  type: 'file',
  size_bytes: 1,
  mode: 420,
  uid: 0,
  gid: 0,
  modified_at: '2026-02-09T12:00:04.000Z',
};
const lines = (...entries: readonly object[]): string => entries.map((one) => `${JSON.stringify(one)}\n`).join('');
const listed = (body: BodyInit): Partial<App> => ({
  fetch: async () =>
    new Response(body, { headers: { ...id, 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' } }),
});

test.each([
  ['a member of another type', lines(entry, { ...entry, mode: '644' }), /a line: \/mode must be integer/],
  ['a member too few', lines(entry, { name: 'a' }), /a line: it must have required property 'type' .*FileInfo/],
  ['another time', lines({ ...entry, modified_at: '+010000-01-01T00:00:00.000Z' }), /modified_at must match format/],
  ['what is not JSON', `${lines(entry)}nothing\n`, /a line: this is not JSON: nothing/],
  ['an empty line', `${lines(entry)}\n`, /a line: this is not JSON/],
  ['no end of a line', lines(entry).trimEnd(), /ends in the middle of a line: {"name":"a"/],
  ['a line that is too long', 'x'.repeat(70_000), /a line has more than 65536 characters/],
  ['what is not UTF-8', Uint8Array.of(0xff, 0x0a), /a line is not UTF-8/],
])('a list of entries with %s is found', async (_, body, message) => {
  expect(await wrongIn('/v1/boxes/a/files/entries?path=/', listed(body))).toMatch(message);
  expect(records.wrong[0]).toContain('(listDirectory) answered 200 against the contract');
});

test('a list of entries that is what the contract says is not found, wherever its pieces end', async () => {
  const bytes = Buffer.from(lines({ ...entry, name: 'é' }, entry));
  const body = new ReadableStream<Uint8Array>({
    start(into) {
      for (const byte of bytes) into.enqueue(Uint8Array.of(byte));
      into.close();
    },
  });
  expect(await wrongIn('/v1/boxes/a/files/entries?path=/', listed(body))).toBeUndefined();
  expect(records.seen).toContain('listDirectory 200');
});

const whole = { 'content-length': '4', 'accept-ranges': 'bytes', 'last-modified': 'Mon, 09 Feb 2026 12:00:04 GMT' };
const part = { ...whole, 'content-range': 'bytes 2-5/9' };

test.each<[number, Readonly<Record<string, string>>, string, RegExp | undefined]>([
  [200, whole, 'text', undefined],
  [206, part, 'text', undefined],
  [206, whole, 'text', /no Content-Range/],
  [206, { ...part, 'content-range': 'bytes */9' }, 'text', /Content-Range: it must match pattern/],
  [206, { ...part, 'content-range': 'bytes 2-6/9' }, 'text', /Content-Range is bytes 2-6\/9, Content-Length 4/],
  [206, { ...part, 'content-range': 'bytes 2-5/5' }, 'text', /Content-Range is bytes 2-5\/5, Content-Length 4/],
  [200, whole, 'tex', /there are 3 bytes, and 4 by Content-Length/],
  [200, whole, 'texts', /more than the 4 bytes of Content-Length/],
  [200, { ...whole, 'content-length': '' }, 'text', /Content-Length/],
  [200, { ...whole, 'accept-ranges': 'none' }, 'text', /Accept-Ranges: it must be equal to constant/],
  [200, { ...whole, 'last-modified': '2026-02-09' }, 'text', /Last-Modified: it must match pattern/],
  [416, { 'content-range': 'bytes 2-5/9' }, '', /Content-Range: it must match pattern/],
])('a file with %i, %o and %j is told of: %s', async (status, headers, body, message) => {
  const given = { ...id, 'content-type': 'application/octet-stream', 'cache-control': 'no-store', ...headers };
  const wrong = await wrongIn('/v1/boxes/a/files/content?path=/a', {
    fetch: async () => new Response(body, { status, headers: given }),
  });
  expect(wrong).toEqual(message === undefined ? undefined : expect.stringMatching(message));
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
