import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { type ServerProcess, startServer } from '../../bench/server-process.ts';
import { exitCodeOf, type GenerationOneClient, generationOneClient, textOf } from './generation-1-client.ts';

let dir: string;
let server: ServerProcess;
let client: GenerationOneClient;
let box: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'boxlite-wire-'));
  server = await startServer(join(dir, 'home'), '--attached');
  const { BOXLITE_REST_CLIENT_ID: id = '', BOXLITE_REST_CLIENT_SECRET: secret = '' } = server.environment;
  client = await generationOneClient(server.url, id, secret);
  const created = await client.send('POST', '/boxes', {
    name: 'wire',
    image: 'boxlite/base:latest',
    auto_remove: false,
    detach: false,
  });
  expect(created.status).toBe(201);
  box = (await created.json()).box_id;
  expect(box).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  expect(created.headers.get('location')).toBe(`/v1/default/boxes/${box}`);
});

afterAll(async () => {
  expect((await client.send('DELETE', `/boxes/${box}?force=true`)).status).toBe(204);
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

async function run(command: string, ...args: string[]): Promise<Awaited<ReturnType<GenerationOneClient['output']>>> {
  const started = await client.send('POST', `/boxes/${box}/exec`, { command, args, tty: false });
  expect(started.status).toBe(201);
  const { execution_id } = await started.json();
  expect(started.headers.get('location')).toBe(`/v1/default/boxes/${box}/executions/${execution_id}`);
  return client.output(box, execution_id);
}

test('the box has every field that the client requires', async () => {
  const info = await (await client.send('GET', '/boxes/wire')).json();
  expect(info).toMatchObject({
    box_id: box,
    name: 'wire',
    status: expect.any(String),
    image: 'boxlite/base:latest',
    cpus: expect.any(Number),
    memory_mib: expect.any(Number),
  });
  for (const time of [info.created_at, info.updated_at])
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  const { boxes } = await (await client.send('GET', '/boxes')).json();
  expect(boxes.map((each: { box_id: string }) => each.box_id)).toContain(box);
});

test('HEAD answers 204 for a box that exists and 404 without a body for one that does not', async () => {
  expect((await client.send('HEAD', `/boxes/${box}`)).status).toBe(204);
  expect((await client.send('HEAD', '/boxes/nobody')).status).toBe(404);
});

test('output, exit code and duration come as the parser of that client reads them', async () => {
  const events = await run('sh', '-c', 'echo out; echo err >&2; exit 42');
  expect(textOf(events, 'stdout')).toBe('out\n');
  expect(textOf(events, 'stderr')).toBe('err\n');
  expect(exitCodeOf(events)).toBe(42);
  expect(events.at(-1)?.name).toBe('exit');
  expect(JSON.parse(events.at(-1)?.data ?? '').duration_ms).toEqual(expect.any(Number));
});

test('a code point that the command writes in two halves is not dropped', async () => {
  const events = await run('sh', '-c', 'printf "a\\342"; sleep 0.1; printf "\\202\\254b"');
  expect(textOf(events, 'stdout')).toBe('a€b');
});

test('stdin goes in by posts and ends with an empty one', async () => {
  const { execution_id } = await (
    await client.send('POST', `/boxes/${box}/exec`, { command: 'cat', tty: false })
  ).json();
  const path = `/boxes/${box}/executions/${execution_id}/input`;
  const octets = { 'content-type': 'application/octet-stream' };
  expect((await client.send('POST', path, new TextEncoder().encode('line\n'), octets)).status).toBe(204);
  expect((await client.send('POST', path, new Uint8Array(), { ...octets, 'X-Close-Stdin': 'true' })).status).toBe(204);
  const events = await client.output(box, execution_id);
  expect(textOf(events, 'stdout')).toBe('line\n');
  expect(exitCodeOf(events)).toBe(0);
  const late = await client.send('POST', path, new TextEncoder().encode('late'), octets);
  expect(late.status).toBe(409);
  expect((await late.json()).error).toMatchObject({ type: 'InvalidStateError', code: 409 });
});

test('kill is signal 9, and a second one is a 409', async () => {
  const { execution_id } = await (
    await client.send('POST', `/boxes/${box}/exec`, { command: 'sleep', args: ['1000'], tty: false })
  ).json();
  const path = `/boxes/${box}/executions/${execution_id}`;
  expect((await client.send('POST', `${path}/signal`, { signal: 9 })).status).toBe(204);
  expect(exitCodeOf(await client.output(box, execution_id))).toBe(137);
  expect(await (await client.send('GET', path)).json()).toMatchObject({ status: 'killed', exit_code: 137 });
  expect((await client.send('POST', `${path}/signal`, { signal: 9 })).status).toBe(409);
});

test('a directory goes up as its client packs it and comes down below its name', async () => {
  await mkdir(join(dir, 'app/sub'), { recursive: true });
  await writeFile(join(dir, 'app/a.txt'), 'alpha');
  await writeFile(join(dir, 'app/sub/b'), 'beta');
  const tar = execFileSync('tar', ['-C', join(dir, 'app'), '-c', '.']);
  const up = await client.send('PUT', `/boxes/${box}/files?path=%2Fopt%2Fapp`, new Uint8Array(tar), {
    'content-type': 'application/x-tar',
  });
  expect(up.status).toBe(204);
  expect(textOf(await run('cat', '/opt/app/a.txt', '/opt/app/sub/b'), 'stdout')).toBe('alphabeta');
  const down = await client.send('GET', `/boxes/${box}/files?path=%2Fopt%2Fapp`, undefined, {
    accept: 'application/x-tar',
  });
  expect(down.status).toBe(200);
  await mkdir(join(dir, 'down'));
  execFileSync('tar', ['-C', join(dir, 'down'), '-x'], { input: Buffer.from(await down.arrayBuffer()) });
  expect(await readdir(join(dir, 'down'))).toEqual(['app']);
  expect(await readFile(join(dir, 'down/app/sub/b'), 'utf8')).toBe('beta');
});

test('every error is the envelope with an integer code and a message that names the field', async () => {
  const cases: [string, string, unknown, number, RegExp][] = [
    ['POST', '/boxes', { image: 'x', rootfs_path: '/x' }, 400, /rootfs_path/],
    ['POST', '/boxes', { cpus: 99 }, 400, /cpus/],
    ['POST', '/boxes', { name: '../x' }, 400, /name/],
    ['POST', '/boxes', { name: 'wire', image: 'boxlite/base:latest' }, 409, /wire/],
    ['POST', `/boxes/${box}/exec`, { args: [] }, 400, /command/],
    ['POST', `/boxes/${box}/exec`, { command: 'x', timeout_seconds: -1 }, 400, /timeout_seconds/],
    ['POST', `/boxes/${box}/exec`, { command: 'no-such-program', tty: false }, 422, /no-such-program/],
    ['GET', '/boxes/nobody', undefined, 404, /nobody/],
    ['GET', `/boxes/${box}/files`, undefined, 400, /path/],
    ['GET', `/boxes/${box}/files?path=/none`, undefined, 404, /\/none/],
    ['GET', '/boxes?pageSize=0', undefined, 400, /pageSize/],
    ['PATCH', '/boxes', undefined, 405, /PATCH/],
    ['GET', '/nonsense', undefined, 404, /no such path/],
  ];
  for (const [method, path, body, status, message] of cases) {
    const answer = await client.send(method, path, body);
    const { error } = await answer.json();
    expect([method, path, answer.status]).toEqual([method, path, status]);
    expect(error).toMatchObject({ message: expect.stringMatching(message), type: expect.any(String), code: status });
  }
});

test('a wrong token is a 401 in the envelope of generation 1; no token, or another bearer, in that of generation 2', async () => {
  const wrong = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJl';
  for (const [headers, code] of [
    [{ authorization: `Bearer ${wrong}` }, 401],
    [{ authorization: 'Bearer nonsense' }, 'unauthenticated'],
    [{}, 'unauthenticated'],
  ] as const) {
    const answer = await fetch(`${server.url}/v1/default/boxes`, { headers });
    expect(answer.status).toBe(401);
    expect((await answer.json()).error).toMatchObject({ message: expect.any(String), type: expect.any(String), code });
  }
});

test('a terminal over WebSocket echoes, resizes and tells the exit code', async () => {
  const token = await (
    await fetch(`${server.url}/v1/oauth/tokens`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: server.environment['BOXLITE_REST_CLIENT_ID'] ?? '',
        client_secret: server.environment['BOXLITE_REST_CLIENT_SECRET'] ?? '',
      }),
    })
  ).json();
  const url = `${server.url.replace('http', 'ws')}/v1/default/boxes/${box}/exec/tty?command=sh&cols=100&rows=30`;
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token.access_token}` } });
  let screen = '';
  const exit = await new Promise<unknown>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => socket.send(Buffer.from('stty size\n')));
    socket.on('message', (data, binary) => {
      if (!binary) return resolve(JSON.parse(data.toString()));
      screen += data.toString();
      if (/\n30 100/.test(screen) && !screen.includes('exit 7')) {
        socket.send(JSON.stringify({ type: 'resize', cols: 132, rows: 43 }));
        socket.send(Buffer.from('stty size; exit 7\n'));
      }
    });
  });
  expect(screen).toMatch(/43 132/);
  expect(exit).toEqual({ type: 'exit', exit_code: 7 });
});
