import { createHash } from 'node:crypto';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { createGzip } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { ApiKeyCredential, Boxlite, type BoxliteError, type BoxliteRestOptions, ClientCredentials } from '../index.ts';
import { box, boxPath, json } from './testing/generation-1-server.ts';

const mib = 2 ** 20;
const credential = new ApiKeyCredential('the-key');
const retries = { attempts: 2, baseMs: 1, maxMs: 2 };
const capabilities = { files_enabled: true, execution_list_enabled: true };

interface Listening {
  readonly url: string;
  /** Paths and the credentials that came with them. */
  readonly asked: (readonly [path: string, authorization: string | undefined])[];
}

async function serve(answer: RequestListener): Promise<Listening> {
  const asked: [string, string | undefined][] = [];
  const server = createServer((request, response) => {
    asked.push([`${request.method} ${request.url?.split('?')[0]}`, request.headers.authorization]);
    response.on('error', () => {});
    if (request.url === '/v1/config') json(response, 200, { capabilities });
    else answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** Writes a piece for as long as the client takes it. */
function flood(into: NodeJS.WritableStream & { readonly destroyed?: boolean }, piece: string | Buffer): void {
  const more = (): void => {
    while (!into.destroyed) if (!into.write(piece)) return void into.once('drain', more);
  };
  into.on('error', () => {});
  more();
}

/** Zeros without end, in a thousandth of the bytes. */
function bomb(response: ServerResponse, type: string, status = 200): void {
  response.writeHead(status, { 'content-type': type, 'content-encoding': 'gzip' });
  const gzip = createGzip();
  gzip.pipe(response);
  response.once('close', () => gzip.destroy());
  flood(gzip, Buffer.alloc(mib, 'x'));
}

/** What a call fails with, and by how much the process grew meanwhile. */
async function failure(
  call: () => Promise<unknown>,
): Promise<{ readonly code: string; readonly message: string; readonly grownMib: number }> {
  const before = process.memoryUsage().rss;
  let most = before;
  const watching = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 5);
  try {
    const result = await call().then(
      (value) => `no failure but ${JSON.stringify(value)}`,
      (error: BoxliteError) => `${error.code ?? 'untyped'}: ${error.message}`,
    );
    const [, code = '', message = ''] = /^(\w+): (.*)$/s.exec(result) ?? [undefined, '', result];
    return { code, message, grownMib: (most - before) / mib };
  } finally {
    clearInterval(watching);
  }
}

const rest = (url: string, options: Partial<BoxliteRestOptions> = {}): Boxlite =>
  Boxlite.rest({ url, credential, retries, ...options });

async function execution(runtime: Boxlite) {
  const found = await runtime.get('demo');
  if (!found) throw new Error('the box is not there');
  return found.exec('yes');
}

/** A server that is well-behaved but for the output of commands. */
function output(answer: (response: ServerResponse) => void): RequestListener {
  return (request, response) => {
    if (request.url?.endsWith('/output')) answer(response);
    else if (request.url?.endsWith('/exec')) json(response, 201, { execution_id: 'E1' });
    else json(response, 200, box);
  };
}

const ndjson = 'application/x-ndjson';
const sse = 'text/event-stream';
const spaces = ' '.repeat(65_536);
const floods: readonly [what: string, code: string, answer: RequestListener, call: (runtime: Boxlite) => unknown][] = [
  [
    'JSON that never ends',
    'internal',
    (_, response) => flood(response.writeHead(200, { 'content-type': 'application/json' }), spaces),
    (runtime) => runtime.get('demo'),
  ],
  [
    'JSON of 10 MB, five million deep',
    'internal',
    (_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('['.repeat(5e6) + ']'.repeat(5e6)),
    (runtime) => runtime.get('demo'),
  ],
  [
    'an answer of no type that never ends',
    'internal',
    (_, response) => flood(response.writeHead(200), spaces),
    (runtime) => runtime.get('demo'),
  ],
  [
    'an error that never ends',
    'internal',
    (_, response) => flood(response.writeHead(404, { 'content-type': 'application/json' }), spaces),
    (runtime) => runtime.get('demo'),
  ],
  ['a gzip bomb', 'internal', (_, response) => bomb(response, 'application/json'), (runtime) => runtime.get('demo')],
  [
    'a gzip bomb as an error of what was asked as a stream',
    'internal',
    (request, response) =>
      request.url?.includes('/files?') ? bomb(response, 'text/plain', 418) : json(response, 200, box),
    async (runtime) => (await runtime.get('demo'))?.download({ path: '/x' }),
  ],
  [
    'headers of 10 MB',
    'network_failed',
    (request) => flood(request.socket, `HTTP/1.1 200 OK\r\n${`x-a: ${'y'.repeat(1000)}\r\n`.repeat(10_000)}`),
    (runtime) => runtime.get('demo'),
  ],
  [
    'output in one line that never ends',
    'internal',
    output((response) => flood(response.writeHead(200, { 'content-type': sse }), 'x'.repeat(65_536))),
    async (runtime) => Array.fromAsync((await execution(runtime)).output()),
  ],
  [
    'output in one event that never ends',
    'internal',
    output((response) =>
      flood(response.writeHead(200, { 'content-type': sse }), `data: ${'x'.repeat(1000)}\n`.repeat(60)),
    ),
    async (runtime) => Array.fromAsync((await execution(runtime)).output()),
  ],
  [
    'output as a gzip bomb',
    'internal',
    output((response) => bomb(response, sse)),
    async (runtime) => Array.fromAsync((await execution(runtime)).output()),
  ],
  [
    'events in a line that never ends',
    'internal',
    (_, response) => flood(response.writeHead(200, { 'content-type': sse }), spaces),
    (runtime) => Array.fromAsync(runtime.events()),
  ],
  [
    'a directory as a gzip bomb',
    'internal',
    (request, response) => (request.url?.includes('/files/') ? bomb(response, ndjson) : json(response, 200, box)),
    async (runtime) => Array.fromAsync((await runtime.get('demo'))?.files.list('/') ?? []),
  ],
  [
    'ever more empty pages of boxes',
    'internal',
    (_, response) => json(response, 200, { boxes: [], next_page_token: `${Math.random()}` }),
    (runtime) => runtime.listInfo(),
  ],
  [
    'pages of images that go round',
    'internal',
    (request, response) =>
      json(response, 200, { images: [], next_page_token: request.url?.includes('=a') ? 'b' : 'a' }),
    (runtime) => runtime.images.list(),
  ],
  [
    'redirects that never end',
    'network_failed',
    (request, response) => response.writeHead(307, { location: `${request.url}x` }).end(),
    (runtime) => runtime.get('demo'),
  ],
];

test.each(floods)('%s is a typed error, and takes little memory', async (_what, code, answer, call) => {
  const { url } = await serve(answer);
  const failed = await failure(async () => call(rest(url)));
  expect(failed.code).toBe(code);
  expect(failed.grownMib).toBeLessThan(250);
});

test('no other origin is told the credential by a redirect, and nothing that may change something follows one', async () => {
  const other = await serve((_, response) => json(response, 200, box));
  const { url } = await serve((request, response) =>
    response.writeHead(307, { location: `${other.url}${request.url}` }).end(),
  );
  const runtime = rest(url);
  const found = await runtime.get('demo');
  expect(other.asked).toEqual([[`GET ${boxPath}`.replace(box.box_id, 'demo'), undefined]]);
  other.asked.length = 0;
  for (const call of [
    () => runtime.remove('demo'),
    () => runtime.create(),
    () => found?.start(),
    () => found?.exec('true'),
    () => found?.files.write('/x', 'y'),
    () => rest(url, { credential: new ClientCredentials({ clientId: 'a', clientSecret: 's' }) }).listInfo(),
  ]) {
    expect(await failure(async () => call())).toMatchObject({ code: 'network_failed' });
  }
  expect(other.asked).toEqual([]);
});

test.each<[what: string, code: string, token: object | string]>([
  ['a page', 'internal', '<html>'],
  ['no token', 'internal', { token_type: 'bearer', expires_in: 60 }],
  ['an empty token', 'internal', { access_token: '', token_type: 'bearer', expires_in: 60 }],
  ['a token that is none', 'unauthenticated', { access_token: 'a\r\nx-evil: 1', token_type: 'bearer', expires_in: 60 }],
  ['a token that is not ASCII', 'unauthenticated', { access_token: 'ключ', token_type: 'bearer', expires_in: 60 }],
  ['a token that has expired before', 'internal', { access_token: 'a', token_type: 'bearer', expires_in: -1 }],
])('a token endpoint that answers with %s is a typed error after few requests', async (_what, code, token) => {
  const { url, asked } = await serve((request, response) => {
    if (!request.url?.endsWith('/oauth/tokens')) json(response, 200, { boxes: [] });
    else
      response
        .setHeader('content-type', 'application/json')
        .end(typeof token === 'string' ? token : JSON.stringify(token));
  });
  const runtime = rest(url, { credential: new ClientCredentials({ clientId: 'a', clientSecret: 's' }) });
  expect(await failure(() => runtime.listInfo())).toMatchObject({ code });
  expect(asked.map(([path]) => path)).toEqual(['POST /v1/oauth/tokens']);
});

test.each([0, 1e15])(
  'a token that lasts %d s is asked for once a request, whatever the clock says',
  async (seconds) => {
    const { url, asked } = await serve((request, response) => {
      const token = { access_token: 'a', token_type: 'bearer', expires_in: seconds };
      response.setHeader('date', 'Thu, 01 Jan 1970 00:00:00 GMT');
      json(response, 200, request.url?.endsWith('/oauth/tokens') ? token : { boxes: [] });
    });
    const runtime = rest(url, { credential: new ClientCredentials({ clientId: 'a', clientSecret: 's' }) });
    for (let i = 0; i < 3; i++) expect(await runtime.listInfo()).toEqual([]);
    expect(asked.filter(([path]) => path.startsWith('POST')).length).toBeLessThanOrEqual(3);
  },
);

test.each([
  ['1970', 'Thu, 01 Jan 1970 00:00:00 GMT', 2],
  ['9999', 'Fri, 31 Dec 9999 23:59:59 GMT', 1],
  ['no year', 'soon', 2],
])('a server whose clock says %s is asked again as often as any', async (_year, when, times) => {
  const { url, asked } = await serve((_, response) => {
    response.setHeader('retry-after', when);
    json(response, 503, { error: { message: 'busy', type: 'InternalError', code: 503 } });
  });
  expect(await failure(() => rest(url).listInfo())).toMatchObject({ code: 'internal' });
  expect(asked).toHaveLength(times);
});

test.each([
  ['HTTP/1.1 404 \x01\x02', 'not_found'],
  ['HTTP/1.1 404 \xff\xfe', 'not_found'],
  ['HTTP/1.1 600 x', 'internal'],
  ['HTTP/1.1 999 x', 'internal'],
  ['HTTP/1.1 205 x', 'internal'],
  ['HTTP/1.1 100 x\r\n\r\nHTTP/1.1 100 x', 'network_failed'],
  [`HTTP/1.1 200 OK\r\ncontent-encoding: ${'gzip, '.repeat(100)}gzip`, 'network_failed'],
  ['HTTP/1.1 200 OK\r\ncontent-length: 5', 'network_failed'],
  ['SSH-2.0-OpenSSH_9.2', 'network_failed'],
])('an answer that begins %j is a typed error', async (head, code) => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(Buffer.from(`${head}\r\ncontent-length: 5\r\n\r\n{"a":`, 'latin1')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const runtime = rest(`http://127.0.0.1:${port}`);
  expect(await failure(() => runtime.listInfo())).toMatchObject({ code });
});

/** A server whose WebSockets do as they like, from the bytes of the handshake on. */
async function tunnels(upgraded: (socket: Socket, accept: string) => void): Promise<string> {
  const server = createTcpServer((socket) => {
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const [head = ''] = bytes.toString('latin1').split('\r\n\r\n');
      const key = /^sec-websocket-key: (\S+)/im.exec(head)?.[1];
      if (key !== undefined) {
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        return upgraded(
          socket,
          `HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
      }
      const body = JSON.stringify(
        /network\/tunnel/.test(head) ? { uri: '/', ticket: 't', host: 'h', port: 80 } : { ...box, capabilities },
      );
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const text = (message: string): Buffer => Buffer.from([0x81, message.length, ...Buffer.from(message)]);
/** The head of a binary frame of 1 GiB. */
const giant = Buffer.from([0x82, 127, 0, 0, 0, 0, 0x40, 0, 0, 0]);

test.each<[what: string, code: string, upgraded: (socket: Socket, accept: string) => void]>([
  ['never shakes hands', 'network_failed', () => {}],
  ['shakes hands and says nothing', 'network_failed', (socket, accept) => void socket.write(accept)],
  ['shakes no hands', 'network_failed', (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')],
  [
    'leads elsewhere',
    'network_failed',
    (socket) => void socket.end('HTTP/1.1 307 x\r\nlocation: /\r\ncontent-length: 0\r\n\r\n'),
  ],
  [
    'sends bytes before it says that it is open',
    'internal',
    (socket, accept) => void socket.write(Buffer.concat([Buffer.from(accept), Buffer.from([0x82, 1, 65])])),
  ],
  [
    'says what no tunnel says',
    'internal',
    (socket, accept) => void socket.write(Buffer.concat([Buffer.from(accept), text('{}')])),
  ],
  [
    'sends a frame of 1 GiB',
    'network_failed',
    (socket, accept) => flood(socket, Buffer.concat([Buffer.from(accept), giant, Buffer.alloc(mib)])),
  ],
])('a tunnel of a server that %s is a typed error', async (_what, code, upgraded) => {
  const url = await tunnels(upgraded);
  const failed = await failure(async () =>
    (await rest(url, { idleTimeoutMs: 400 }).get('demo'))?.network.tunnel(80).connect(),
  );
  expect(failed).toMatchObject({ code, message: expect.stringMatching(/tunnel ws:/) });
  expect(failed.grownMib).toBeLessThan(250);
});

test('a tunnel that gets a frame of 1 GiB once it is open breaks with a typed error', async () => {
  const url = await tunnels((socket, accept) => {
    socket.write(Buffer.concat([Buffer.from(accept), text('{"type":"open"}')]));
    flood(socket, Buffer.concat([giant, Buffer.alloc(mib)]));
  });
  const connection = await (await rest(url).get('demo'))?.network.tunnel(80).connect();
  const failed = await failure(async () => Array.fromAsync(connection?.readable ?? []));
  expect(failed.code).toBe('network_failed');
  expect(failed.grownMib).toBeLessThan(250);
});
