import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import type { BoxNetwork } from './box-network.ts';
import { boxNetworks } from './box-networks.fixture.ts';
import { pythonInBox, resolvingInBox } from './internet.fixture.ts';

/** Real servers on 93.184.216.34, which example.com and both.org lead to: only the first is allowed. */
const node = 8001;
const python = 8002;
const busybox = 8003;
const lenient = 8005;
const hasty = 8006;

const networks = boxNetworks();
let network: BoxNetwork;
beforeAll(async () => {
  const { internet } = networks;
  const fixture = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  await mkdir(`${internet.folder}/www`);
  await writeFile(`${internet.folder}/www/index.html`, 'served\n');
  await internet.serve(process.execPath, fixture('http.fixture.mjs'));
  await internet.serve('python3', fixture('http.fixture.py'));
  await internet.serve('sh', '-c', `echo ready; exec busybox httpd -f -p ${busybox} -h ${internet.folder}/www`);
});

async function open(): Promise<void> {
  network = await networks.open({ allow: ['example.com'] });
}

async function run(...argv: readonly string[]): Promise<string> {
  return (await resolvingInBox(network, ...argv)).output.trim();
}

/** Raw bytes to a port, each text in a segment of its own: the first line and the JSON, or the class of the error. */
async function raw(port: number, ...parts: readonly string[]): Promise<string> {
  await run('busybox', 'nslookup', '-type=a', 'example.com', network.resolver);
  return pythonInBox(
    network,
    `
try:
    with socket.create_connection(('93.184.216.34', ${port})) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in ${JSON.stringify(parts)}: s.sendall(part.encode())
        answer = b''
        # All there is, or the JSON of the server that does not end.
        while not answer.endswith(b']') and (got := s.recv(65536)): answer += got
        print(answer.decode())
except OSError as error: print(type(error).__name__)`,
  );
}

const handled = (server: string): readonly string[] =>
  networks.internet.log().filter((line) => line.startsWith(server));

test('clients that keep connections go on working, with a connection for each request', async () => {
  await open();
  for (const [port, server] of [
    [node, 'node'],
    [python, 'python'],
  ] as const) {
    const before = handled(server).length;
    const { connectionsTotal } = await network.usage();
    const url = `http://example.com:${port}/`;
    expect(await run('curl', '-sS', url, url, url)).toBe(Array(3).fill(`GET example.com:${port} 0`).join('\n'));
    expect(await run('busybox', 'wget', '-q', '-O', '-', url)).toBe(`GET example.com:${port} 0`);
    const fetches = `for (let i = 0; i < 50; i++) process.stdout.write(await (await fetch('${url}')).text())`;
    expect((await run(process.execPath, '--input-type=module', '-e', fetches)).split('\n')).toHaveLength(50);
    const client = `import http.client
c = http.client.HTTPConnection('example.com', ${port})
for i in range(20): c.request('POST', '/', b'x' * 9); print(c.getresponse().read().decode().strip())`;
    expect((await run('python3', '-c', client)).split('\n')).toEqual(Array(20).fill(`POST example.com:${port} 9`));
    expect(handled(server).length - before).toBe(74);
    expect((await network.usage()).connectionsTotal - connectionsTotal).toBeGreaterThanOrEqual(74);
  }
  const page = `http://example.com:${busybox}/`;
  expect(await run('curl', '-sS', '--retry', '9', '--retry-connrefused', page, page)).toBe('served\nserved');
  expect(await network.events()).toEqual([]);
});

test('bodies in chunks, bodies that wait to be asked for, and WebSockets pass', async () => {
  await open();
  await writeFile(`${networks.internet.folder}/body`, Buffer.alloc(3_000_000, 'x'));
  const body = `@${networks.internet.folder}/body`;
  const post = (port: number, ...headers: readonly string[]): Promise<string> =>
    run(
      'curl',
      '-sS',
      ...headers.flatMap((header) => ['-H', header]),
      '--data-binary',
      body,
      `http://example.com:${port}/`,
    );
  for (const port of [node, python]) {
    expect(await post(port, 'Transfer-Encoding: chunked')).toBe(`POST example.com:${port} 3000000`);
    expect(await post(port, 'Expect: 100-continue')).toBe(`POST example.com:${port} 3000000`);
    expect(await post(port)).toBe(`POST example.com:${port} 3000000`);
  }
  const ws = fileURLToPath(import.meta.resolve('ws'));
  const socket = `import { WebSocket } from '${ws}';
const socket = new WebSocket('ws://example.com:${node}/');
socket.on('open', () => socket.send('one')).on('error', console.error);
socket.on('message', (data) => { console.log(String(data)); if (String(data) === 'echo one') socket.send('two'); else socket.close(); });`;
  expect(await run(process.execPath, '--input-type=module', '-e', socket)).toBe('echo one\necho two');
});

test('an answer that comes before the body was read arrives, though the server closes at it', async () => {
  await open();
  await run('busybox', 'nslookup', '-type=a', 'example.com', network.resolver);
  const answers = await pythonInBox(
    network,
    `
for i in range(50):
    with socket.create_connection(('93.184.216.34', ${hasty})) as s:
        answer = b''
        try:
            s.sendall(b'POST / HTTP/1.1\\r\\nHost: example.com\\r\\nContent-Length: 9999999\\r\\n\\r\\n')
            for j in range(100): s.sendall(b'x' * 99999)
        except OSError: pass
        try:
            while got := s.recv(65536): answer += got
        except OSError: pass
        print(answer.decode().split('\\r\\n')[0])`,
  );
  expect(answers.split('\n')).toEqual(Array(50).fill('HTTP/1.1 413 Too Large'));
});

test('a second request to a name that is not allowed is never handled, pipelined or later', async () => {
  await open();
  const first = 'GET / HTTP/1.1\r\nHost: example.com\r\nConnection: keep-alive\r\n\r\n';
  const second = 'GET / HTTP/1.1\r\nHost: both.org\r\n\r\n';
  for (const port of [node, python]) {
    await raw(port, first + second);
    await raw(port, first, second);
    await raw(port, `${first.replace('1.1', '1.0')}`, second);
    // A body that one reads as the end and another as more.
    const odd =
      'POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    await raw(port, odd + second);
  }
  expect(
    handled('node')
      .concat(handled('python'))
      .filter((line) => line.includes('both.org')),
  ).toEqual([]);
  expect(handled('node').length * handled('python').length).toBeGreaterThan(0);
});

test('a server is told once to close, whatever the box says of its connection', async () => {
  await open();
  const shown = async (...parts: readonly string[]): Promise<unknown> => {
    const [, body] = (await raw(lenient, ...parts)).split(/\r?\n\r?\n/);
    return JSON.parse(body ?? 'null');
  };
  const seen = ['GET /a?b HTTP/1.1', 'Host: Example.com.:8005', 'X: 1', 'Connection: close', '', ''];
  expect(await shown('GET /a?b HTTP/1.1\nHost: Example.com.:8005\nX: 1\n\n')).toEqual(seen);
  const noise =
    'CONNECTION:keep-alive\r\nconnection: x, Host\r\nKeep-Alive: timeout=9\r\nProxy-Connection: keep-alive\r\nTE: gzip';
  expect(await shown(`GET /a?b HTTP/1.1\r\nHost: Example.com.:8005\r\n${noise}\r\nX: 1\r\n\r\n`)).toEqual(seen);
  const h2c = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__';
  expect(await shown(`GET /a?b HTTP/1.1\r\nHost: Example.com.:8005\r\n${h2c}\r\nX: 1\r\n\r\n`)).toEqual(seen);
  // Byte by byte, after empty lines.
  expect(await shown(...'\r\n\nGET /a?b HTTP/1.1\r\nHost: Example.com.:8005\r\nX: 1\r\n\r\n')).toEqual(seen);
  const upgrade = 'Upgrade: websocket\r\nUpgrade: h2c\r\nConnection: keep-alive, Upgrade';
  expect(await shown(`GET / HTTP/1.1\r\nHost: example.com\r\n${upgrade}\r\n\r\n`)).toEqual([
    'GET / HTTP/1.1',
    'Host: example.com',
    'Upgrade: websocket',
    'Connection: close, Upgrade',
    '',
    '',
  ]);
});

test.each([
  ['GET / HTTP/1.1\r\nHost: both.org\r\n\r\n', 'no rule matches the name in its HTTP Host'],
  ['GET / HTTP/1.1\r\nHost: 93.184.216.34\r\n\r\n', 'no rule matches the name in its HTTP Host'],
  ['GET http://both.org/ HTTP/1.1\r\nHost: example.com\r\n\r\n', 'its HTTP request is one for a proxy'],
  ['CONNECT both.org:80 HTTP/1.1\r\nHost: example.com\r\n\r\n', 'its HTTP request is one for a proxy'],
  ['GET HTTP://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n', 'its HTTP request is one for a proxy'],
  ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'it is HTTP/2 without TLS'],
  ['BREW / HTTP/1.1\r\nHost: both.org\r\n\r\n', 'no rule matches the name in its HTTP Host'],
  ['\r\n\r\nGET / HTTP/1.1\r\nHost: both.org\r\n\r\n', 'no rule matches the name in its HTTP Host'],
  ['GET / HTTP/1.1\r\nHost: example.com\r\n Host: both.org\r\n\r\n', 'a line in its HTTP head is malformed'],
  ['GET / HTTP/1.1\r\nHost: example.com\r\nHost : both.org\r\n\r\n', 'a line in its HTTP head is malformed'],
  ['GET / HTTP/1.1\r\nHost: example.com\r\nX: 1\rHost: both.org\r\n\r\n', 'a line in its HTTP head is malformed'],
  ['GET / HTTP/1.1\r\nHost: example.com\r\nHost: both.org\r\n\r\n', 'its HTTP request has more than one Host'],
  ['GET / HTTP/1.1\r\nX: example.com\r\n\r\n', 'its HTTP request has no Host'],
  ['GET / HTTP/1.1\r\nHost: both.org@example.com\r\n\r\n', 'the Host of its HTTP request is no name'],
  ['GET / HTTP/1.1\r\nHost: example.com:80@both.org\r\n\r\n', 'the Host of its HTTP request is no name'],
  ['GET / HTTP/1.1\r\nHost: [::ffff:5db8:d822]\r\n\r\n', 'the Host of its HTTP request is no name'],
  ['GET / HTTP/1.1\r\nHost: example.com..\r\n\r\n', 'the Host of its HTTP request is no name'],
  ['GET /\r\nHost: example.com\r\n\r\n', 'its HTTP request line is malformed, or older than HTTP/1.0'],
  [
    'GET / HTTP/1.1 HTTP/1.0\r\nHost: example.com\r\n\r\n',
    'its HTTP request line is malformed, or older than HTTP/1.0',
  ],
  [`GET / HTTP/1.1\r\nHost: example.com\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`, 'its HTTP head is longer than 16 KiB'],
])('a head of %j is refused, and it is said why', async (head, reason) => {
  await open();
  const before = handled('lenient').length;
  expect(await raw(lenient, head)).toMatch(/^(ConnectionResetError|BrokenPipeError)$/);
  expect((await network.events()).map((event) => event.reason)).toEqual([reason]);
  expect(handled('lenient').length).toBe(before);
});
