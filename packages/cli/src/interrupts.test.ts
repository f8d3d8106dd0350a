import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { bin, type Cli, cliInNewHome, exitCode, said } from './testing/cli.ts';

const image = 'boxlite/base:latest';
let cli: Cli;
beforeAll(async () => {
  cli = await cliInNewHome();
  await cli.run([
    'create',
    '--name',
    'one',
    image,
    'sh',
    '-c',
    'seq 1 300000; while :; do echo more; sleep 0.05; done',
  ]);
  await cli.run(['start', 'one']);
});
afterAll(async () => cli[Symbol.asyncDispose]());

/** One that is left when its test fails would keep the home directory, and so the boxes in it. */
function started(args: readonly string[]): ChildProcessWithoutNullStreams {
  const child = cli.start(args);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test.each([
  ['logs', 'logs -f one'],
  ['logs that end', 'logs one'],
  ['stats', 'stats -s one'],
  ['an export', 'export one -o -'],
])('%s whose reader has gone end quietly, as a shell expects', async (_what, command) => {
  const child = started(command.split(' '));
  await said(child.stdout, /./);
  child.stdout.destroy();
  const errors = await Array.fromAsync(child.stderr);
  expect([await exitCode(child), Buffer.concat(errors).toString()]).toEqual([141, '']);
});

test.each(['list -a', 'logs -f one', 'exec one yes'])(
  'an output that cannot be written makes %s a failure that says so',
  async (command) => {
    const child = spawn('sh', ['-c', `exec "$0" "$@" > /dev/full`, process.execPath, bin, ...command.split(' ')], {
      env: { ...process.env, BOXLITE_HOME: cli.homeDir },
    });
    const errors = await Array.fromAsync(child.stderr);
    expect(await exitCode(child)).toBe(1);
    expect(Buffer.concat(errors).toString()).toMatch(/^Error: the output cannot be written: ENOSPC.*\n$/);
  },
);

test('a copy or an export that is interrupted leaves nothing half done, and 130', async () => {
  // Holes take a copy its time, but not an export.
  const files = 'dd if=/dev/zero of=/big bs=1 count=0 seek=3G && dd if=/dev/urandom of=/random bs=1M count=300';
  await cli.run(['exec', 'one', 'sh', '-c', files]);
  const out = join(cli.homeDir, 'out');
  await mkdir(out);
  for (const args of [
    ['cp', 'one:/big', join(out, 'big')],
    ['export', 'one', '-o', out],
  ]) {
    const child = started(args);
    await expect.poll(() => readdir(out), { timeout: 20_000, interval: 10 }).not.toEqual([]);
    child.kill('SIGINT');
    const errors = await Array.fromAsync(child.stderr);
    expect([args[0], await exitCode(child), Buffer.concat(errors).toString()]).toEqual([args[0], 130, '']);
    expect(await readdir(out)).toEqual([]);
  }
});

test('a run that is interrupted before its command runs is left at once with 130, and leaves no box, here and on a server', async () => {
  const asked: Socket[] = [];
  let requests = 0;
  const registry = createServer((socket) => {
    asked.push(socket.on('error', () => {}));
    socket.on('data', () => requests++);
  }).listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const address = registry.address();
  const host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  await using remote = await cliInNewHome();
  const serve = remote.start(['--registry', `http://${host}`, 'serve', '--port', '0', '--api-key', 'k']);
  onTestFinished(() => void serve.kill('SIGKILL'));
  const [, url = ''] = await said(serve.stdout, /listening on (\S+)/);
  const server = { BOXLITE_REST_URL: url, BOXLITE_API_KEY: 'k' };
  for (const env of [{}, server]) {
    const flags = env === server ? [] : ['--registry', `http://${host}`];
    const child = remote.start([...flags, 'run', '--rm', `${host}/slow:1`, 'true'], {
      ...env,
      BOXLITE_HOME: env === server ? remote.homeDir : cli.homeDir,
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const before = requests;
    await expect.poll(() => requests, { timeout: 20_000 }).toBeGreaterThan(before);
    child.kill('SIGINT');
    const errors = await Array.fromAsync(child.stderr);
    expect([await exitCode(child), Buffer.concat(errors).toString()]).toEqual([130, '']);
  }
  registry.close();
  for (const socket of asked) socket.destroy();
  expect((await cli.run(['list', '-aq'])).stdout.toString().trim().split('\n')).toHaveLength(1);
  expect((await remote.run(['list', '-aq'], { env: server })).stdout.toString()).toBe('');
  serve.kill('SIGTERM');
  expect(await exitCode(serve)).toBe(0);
});

test('a run that is interrupted while its box starts is left with 130, and leaves no box', async () => {
  const home = await cliInNewHome();
  await using _home = home;
  await home.run(['run', '--rm', image, 'true']);
  const boxes = join(home.homeDir, 'boxes');
  const child = home.start(['run', '--rm', image, 'sleep', '60']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await expect.poll(() => readdir(boxes), { interval: 1 }).toHaveLength(1);
  const [id = ''] = await readdir(boxes);
  await expect.poll(() => readdir(join(boxes, id)), { interval: 1 }).not.toHaveLength(0);
  child.kill('SIGINT');
  expect(await exitCode(child)).toBe(130);
  expect((await home.run(['list', '-aq'])).stdout.toString()).toBe('');
});

test('what goes on until it is interrupted ends well by that', async () => {
  for (const [args, first] of [
    [['events'], /open\n/],
    [['stats', '-s', 'one'], /B\n/],
  ] as const) {
    const child = started(args);
    await said(child.stdout, first);
    child.kill('SIGINT');
    expect([args[0], await exitCode(child)]).toEqual([args[0], 0]);
  }
});

test('a third interrupt leaves a command that takes none, and kills it', async () => {
  const script = 'trap "echo got" INT; echo ready; while :; do sleep 0.05; done';
  const child = started(['exec', 'one', 'sh', '-c', script]);
  await said(child.stdout, /ready\n/);
  for (const _ of [1, 2]) {
    child.kill('SIGINT');
    await said(child.stdout, /got\n/);
  }
  child.kill('SIGINT');
  expect(await exitCode(child)).toBe(130);
  expect((await cli.run(['exec', 'one', 'ps'])).stdout.toString()).not.toContain('trap');
});
