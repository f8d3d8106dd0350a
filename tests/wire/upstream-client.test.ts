// The clients that BoxLite's users have, as they are published, against our server: what pleases them pleases those users.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ApiKeyCredential, Boxlite } from 'boxlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServer } from '../../bench/server-process.ts';

const clients = join(import.meta.dirname, '../../.setup/published-clients');
const npmEntry = join(clients, 'npm/node_modules/@boxlite-ai/boxlite/dist/index.js');
const here = join(import.meta.dirname, 'published');
const key = 'blk_live_wire';

interface Step {
  readonly step: string;
  readonly result?: unknown;
  readonly error?: string;
}

let dir: string;
let server: ServerProcess;

beforeAll(async () => {
  if (!existsSync(npmEntry))
    throw new Error('the published clients are missing; run node scripts/setup.mjs --for-tests');
  dir = await mkdtemp(join(tmpdir(), 'boxlite-published-'));
  server = await startServer(join(dir, 'home'), '--attached', `--api-key=${key}`);
});

afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

/** Runs a client's program; its steps as they come. */
async function* stepsOf(program: readonly string[], environment: Record<string, string> = {}): AsyncGenerator<Step> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const ended = once(child, 'exit');
  for await (const line of createInterface(child.stdout)) yield JSON.parse(line);
  expect(await ended).toEqual([0, null]);
}

async function npmClient(url: string, folder: string, scenario: string): Promise<readonly string[]> {
  const own = await mkdtemp(join(dir, folder));
  return [process.execPath, join(here, 'client.mjs'), url, key, own, npmEntry, scenario];
}

describe('the npm client', () => {
  const steps = new Map<string, Step>();
  const result = (name: string): unknown => {
    const step = steps.get(name);
    expect(step?.error, name).toBeUndefined();
    return step?.result;
  };

  beforeAll(async () => {
    for await (const step of stepsOf(await npmClient(server.url, 'npm-', 'everything'))) steps.set(step.step, step);
  });

  test('makes, finds and lists boxes', () => {
    expect(result('created')).toMatchObject({ id: expect.any(String), name: 'npm' });
    expect(steps.get('taken')?.error).toMatch(/exists already/);
    expect(result('getOrCreate')).toEqual({ same: true, created: false });
    expect(result('list')).toEqual(['npm configured']);
    expect(result('get')).toEqual(['npm', null]);
  });

  test('runs commands, with streams, exit codes, input, signals, timeouts and a terminal', () => {
    expect(result('exec')).toEqual({ stdout: 'hello\n/tmp\n', stderr: 'oops\n', exitCode: 42 });
    expect(result('euro')).toMatchObject({ stdout: '€', exitCode: 0 });
    const sum = createHash('sha256')
      .update('x'.repeat(3 * 1024 * 1024))
      .update('the end')
      .digest('hex');
    expect(result('stdin')).toMatchObject({ stdout: `${sum}  -\n`, exitCode: 0 });
    expect(result('kill')).toEqual({ exitCode: -9 });
    expect(result('signal')).toEqual({ ready: 'ready\n', rest: 'caught\n', exitCode: 5 });
    expect(result('timeout')).toEqual({ exitCode: -15 });
    expect(steps.get('missing')?.error).toMatch(/no-such-program/);
    expect(result('tty')).toMatchObject({ stdout: expect.stringContaining('43 132'), exitCode: 0 });
  });

  test('copies files in and out, a single one as a file', () => {
    expect(result('copy')).toEqual({ stdout: 'alphabeta', file: 'alpha', tree: ['app', 'app/sub', 'app/sub/b'] });
  });

  test('reads the metrics', () => {
    expect(result('metrics')).toMatchObject({ commandsExecutedTotal: 8, whole: true, boxesCreatedTotal: 1 });
  });

  test('connects to a port of a box', () => expect(result('tunnel')).toBe('hi'));

  test('a stop leaves the box, whose disk has snapshots, copies and archives', () => {
    expect(result('stop')).toBe('stopped');
    const snapshot = { name: 'before', seconds: true, stdout: 'alpha', listed: ['before'], none: null };
    expect(result('snapshots')).toEqual(snapshot);
    expect(result('clone')).toBe('alpha');
    expect(result('archive')).toEqual({ file: '/npm.boxlite', stdout: 'alpha' });
  });

  test('has volumes, lifecycle options and simple boxes', () => {
    expect(result('volumes')).toEqual({ name: 'data', stdout: 'kept\n', listed: ['data'] });
    expect(result('lifecycle')).toEqual({ autoStop: 600, autoDelete: 3600, autoResume: true });
    expect(result('SimpleBox')).toEqual({ exitCode: 0, stdout: 'simple\n', stderr: '' });
  });

  test('removes boxes, and is told when one is gone', () => {
    expect(result('removed')).toEqual([]);
    expect(steps.get('gone')?.error).toMatch(/^box not found: /);
  });
});

test('the Python client does the same, and attaches to main commands', async () => {
  const results = new Map<string, unknown>();
  const folder = await mkdtemp(join(dir, 'python-'));
  const program = ['python3', join(here, 'client.py'), server.url, key, folder];
  for await (const { step, result, error } of stepsOf(program, { PYTHONPATH: join(clients, 'python') })) {
    results.set(step, error ?? result);
  }
  expect(Object.fromEntries(results)).toEqual({
    created: { same: true, created: false, status: 'configured', outbound: 'enabled', inbound: 'enabled', none: null },
    run: { stdout: 'out\n', stderr: 'err\n', exitCode: 42 },
    stdin: { stdout: '1000000\n', stderr: '', exitCode: 0 },
    kill: -9,
    copy: 'alpha',
    attach: { stdout: 'main\ngot word\n', stderr: '', exitCode: 7 },
    terminal: { stdout: expect.stringMatching(/^\/dev\/pts\/\d+\r\n$/), stderr: '', exitCode: 3 },
    default_command: { stdout: 'from the shell\n', stderr: '', exitCode: 4 },
    closed: ['example.com'],
    images: ['docker.io/boxlite/base:latest'],
    metrics: 3,
    removed: 0,
    gone: expect.stringMatching(/^NotFoundError: /),
  });
});

test('a client whose connection breaks comes back and gets what it lacks, once', { timeout: 60_000 }, async () => {
  await using link = await breakableLink(Number(new URL(server.url).port));
  const pieces: unknown[] = [];
  let end: unknown;
  for await (const { step, result } of stepsOf(await npmClient(link.url, 'npm-', 'reconnect'))) {
    if (step === 'end') end = result;
    else if (pieces.push(result) === 1) {
      // The client answers for what it took; before that, a cut would bring it again rather than lose it.
      await expect.poll(() => deliveredBytes(join(dir, 'home')), { timeout: 15_000 }).toBe('A\n'.length);
      link.cut();
      const runtime = Boxlite.rest({ url: server.url, credential: new ApiKeyCredential(key) });
      await (await runtime.get('npm-reconnect'))?.run('touch', ['/tmp/go']);
    }
  }
  expect(pieces.join('')).toBe('A\nB\n');
  expect(end).toEqual({ exitCode: 6 });
});

/** How much stdout of the only running execution the server knows to be delivered: the first number of its `.taken` file. */
async function deliveredBytes(home: string): Promise<number> {
  const found = (await readdir(home, { recursive: true })).filter((name) => name.endsWith('.taken'));
  const [file] = found;
  return file === undefined ? 0 : Number((await readFile(join(home, file))).readBigUInt64LE(0));
}

/** A way to a local port whose connections can be broken. */
async function breakableLink(port: number): Promise<{ url: string; cut(): void } & AsyncDisposable> {
  const open = new Set<Socket>();
  const relay = createServer((client) => {
    const inner = connect(port, '127.0.0.1');
    for (const socket of [client, inner]) {
      open.add(socket);
      socket.on('error', () => {}).on('close', () => open.delete(socket));
    }
    client.pipe(inner).pipe(client);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const address = relay.address();
  if (address === null || typeof address === 'string') throw new Error('the link has no port');
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      relay.close();
      await once(relay, 'close');
    },
  };
}
