import { request } from 'node:http';
import { errorResponse, read } from '@boxlite/api';
import { describe, expect, test } from 'vitest';
import { type LiveServer, liveServer } from '../testing/live-server.ts';
import { readEvents } from '../testing/sse.ts';
import { listen } from './listen.ts';

/** The status and the envelope of a raw answer. */
function refusalOf(raw: string): { status: number; code: number | string } {
  const [head = '', body = ''] = raw.split('\r\n\r\n');
  expect(head.toLowerCase()).toContain('x-request-id: ');
  return { status: Number(head.split(' ')[1]), code: read(errorResponse, JSON.parse(body)).error.code };
}

async function stillAnswers(server: LiveServer): Promise<void> {
  expect((await server.call('GET', '/v1/config')).status).toBe(200);
}

describe('bytes that are no proper request', () => {
  test.each([
    ['nonsense', 'hello\r\n\r\n', 400],
    ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
    ['a bad method', 'FOO / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a bad version', 'GET / HTTP/9.9\r\nHost: a\r\n\r\n', 400],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n', 400],
    ['two lengths', 'POST /v1/oauth/tokens HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'a length and chunks (smuggling)',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['headers of 64 KiB', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`, 431],
    ['no Host', 'GET /v1/config HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['a Host that is none', 'GET /v1/config HTTP/1.1\r\nHost: a b@c\r\nConnection: close\r\n\r\n', 400],
    ['a target that is no path', 'GET foo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    ['an unknown expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nConnection: close\r\n\r\n', 417],
  ])('%s: the answer is an error and the server lives on', async (_what, text, status) => {
    const server = await liveServer();
    const raw = await server.raw(text);
    expect(Number(raw.split(' ')[1])).toBe(status);
    if (raw.includes('{')) expect(refusalOf(raw)).toEqual({ status, code: 'invalid_argument' });
    await stillAnswers(server);
  });

  test('a broken chunk in a JSON body, or a body that breaks off, harms nobody', async () => {
    const server = await liveServer();
    const head =
      'POST /v1/default/boxes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer test-key\r\nContent-Type: application/json\r\n';
    await server.raw(`${head}Transfer-Encoding: chunked\r\n\r\nzz\r\nxx`);
    const socket = await server.connect();
    socket.write(`${head}Content-Length: 100\r\n\r\n{"name"`);
    socket.destroy();
    await stillAnswers(server);
    await expect.poll(() => server.log.filter((entry) => entry.path === '/v1/default/boxes').length).toBe(2);
    for (const { status = 0 } of server.log) expect(status).toBeLessThan(500);
  });

  test('h2c is not taken up and the request is answered over HTTP/1.1', async () => {
    const server = await liveServer();
    const raw = await server.raw(
      'GET /v1/config HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n',
    );
    expect(raw).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe('bodies over the network', () => {
  test('an upload above the limit is 413 before it is over', async () => {
    const server = await liveServer();
    server.backend.fileTransferMaxBytes = 100_000;
    await server.backend.create({}, 'a');
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const upload = request(`${server.listening.url}/v1/default/boxes/a/files?path=/`, {
      method: 'PUT',
      headers: { authorization: 'Bearer test-key', 'content-type': 'application/x-tar' },
    });
    upload.once('response', (response) => resolve(response.statusCode)).once('error', reject);
    upload.write(Buffer.alloc(200_000));
    expect(await promise).toBe(413);
    upload.on('error', () => {}).destroy();
    expect(server.backend.boxes[0]?.uploads[0]?.error).toBeDefined();
    await stillAnswers(server);
  });

  test('a download that fails in the middle breaks the connection: never a clean end', async () => {
    const server = await liveServer();
    await server.backend.create({}, 'a');
    const response = await server.call('GET', '/v1/default/boxes/a/files?path=/broken');
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow();
    await stillAnswers(server);
  });

  test('a client that leaves a download or an output lets go of them at once', async () => {
    const server = await liveServer();
    const box = await server.backend.create({}, 'a');
    const execution = await box.exec({ command: 'manual' });
    const leaving = new AbortController();
    const init = { signal: leaving.signal };
    await server.call('GET', `/v1/default/boxes/a/files?path=/bytes/${1e12}`, init);
    await server.call('GET', '/v1/default/boxes/a/executions/E1/output', init);
    await expect.poll(() => [box.downloads, execution.readers]).toEqual([1, 1]);
    leaving.abort();
    await expect.poll(() => [box.downloads, execution.readers]).toEqual([0, 0]);
  });

  test('a client that reads slowly slows the output down', async () => {
    const server = await liveServer();
    const box = await server.backend.create({}, 'a');
    const total = 256 * 1024 * 1024;
    const execution = await box.exec({ command: 'bytes', args: [`${total}`] });
    const socket = await server.connect();
    socket.pause();
    socket.write(
      'GET /v1/default/boxes/a/executions/E1/output HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer test-key\r\n\r\n',
    );
    let before = -1;
    await expect
      .poll(
        () => {
          const still = execution.generated > 0 && execution.generated === before;
          before = execution.generated;
          return still;
        },
        { interval: 100 },
      )
      .toBe(true);
    expect(execution.generated).toBeLessThan(64 * 1024 * 1024);
  });

  test('output reaches the client as it comes', async () => {
    const server = await liveServer();
    const box = await server.backend.create({}, 'a');
    const execution = await box.exec({ command: 'manual' });
    const response = await server.call('GET', '/v1/default/boxes/a/executions/E1/output');
    const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
    execution.push('stdout', 'now');
    const first = await reader.read();
    expect(readEvents(Buffer.from(first.value ?? []).toString()).map((event) => event.event)).toEqual(['stdout']);
    execution.finish({ exitCode: 0 });
    let rest = '';
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      rest += Buffer.from(piece.value).toString();
    }
    expect(readEvents(rest).map((event) => event.event)).toEqual(['exit']);
  });
});

describe('closing', () => {
  test('a connection that a client opened in advance and never used holds nothing up', async () => {
    const server = await liveServer();
    const socket = await server.connect();
    const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    await server.listening.close({ graceMs: 60_000 });
    await ended;
  });

  test('it waits for what is under way, takes nothing new, and may be asked twice', async () => {
    const server = await liveServer();
    const box = await server.backend.create({}, 'a');
    const execution = await box.exec({ command: 'manual' });
    const response = await server.call('GET', '/v1/default/boxes/a/executions/E1/output');
    const closed = server.listening.close({ graceMs: 60_000 });
    await expect(server.call('GET', '/v1/config')).rejects.toThrow();
    execution.finish({ exitCode: 0 });
    expect(await response.text()).toContain('event: exit');
    await closed;
    await server.listening.close();
  });

  test('after the grace what is left is cut', async () => {
    const server = await liveServer();
    const box = await server.backend.create({}, 'a');
    const execution = await box.exec({ command: 'manual' });
    const response = await server.call('GET', '/v1/default/boxes/a/executions/E1/output');
    await server.listening.close({ graceMs: 0 });
    await expect(response.text()).rejects.toThrow();
    await expect.poll(() => execution.readers).toBe(0);
  });

  test('a port that is taken rejects', async () => {
    const server = await liveServer();
    await expect(listen(server.app, { port: server.listening.port })).rejects.toThrow('EADDRINUSE');
  });
});

test('a request with two Host headers is 400, the first of a connection and any after it, an upgrade and a CONNECT', async () => {
  const { raw } = await liveServer();
  const good = 'GET /v1/config HTTP/1.1\r\nHost: a\r\n\r\n';
  const two = 'Host: a\r\nhOST: b\r\n';
  const upgrade = 'Connection: upgrade\r\nUpgrade: websocket\r\n';
  for (const text of [
    `GET /v1/config HTTP/1.1\r\n${two}\r\n${good}`,
    `GET /v1/boxes/a/exec/tty HTTP/1.1\r\n${two}${upgrade}\r\n`,
    `CONNECT ticket@a:1 HTTP/1.1\r\n${two}\r\n`,
  ]) {
    const answer = await raw(text);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('more than one Host header');
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  }
  const answers = await raw(`${good}GET /v1/config HTTP/1.1\r\n${two}\r\n${good}`);
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
});
