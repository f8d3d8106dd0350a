import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { imageWithConfig } from '../../../../tests/image-with-config.ts';
import { type Cli, cliInNewHome, exitCode, said } from '../testing/cli.ts';

const image = 'boxlite/base:latest';
let cli: Cli;
beforeAll(async () => {
  cli = await cliInNewHome();
});
afterAll(async () => cli[Symbol.asyncDispose]());

async function printed(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cli.run(args);
  if (code !== 0) throw new Error(`boxlite ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout.toString();
}

test('run and run -d without a command run what the image is made for, and words follow its entrypoint', async () => {
  const layout = join(cli.homeDir, 'layout');
  await imageWithConfig(layout, { Entrypoint: ['/bin/echo', 'entry'], Cmd: ['and', 'cmd'] });
  await printed('images', 'import', layout, 'with/entrypoint:1');
  expect(await printed('run', '--rm', 'with/entrypoint:1')).toBe('entry and cmd\n');
  expect(await printed('run', '--rm', 'with/entrypoint:1', 'words')).toBe('entry words\n');
  expect(await printed('run', '--rm', '--entrypoint', '/bin/echo', 'with/entrypoint:1', 'alone')).toBe('alone\n');
});

test('over a server, logs follows the main command, and pause, resume and restart do what they say', {
  timeout: 60_000,
}, async () => {
  const server = cli.start(['serve', '--port', '0', '--dev']);
  onTestFinished(() => void server.kill('SIGTERM'));
  const [, url = ''] = await said(server.stdout, /^listening on (\S+)\n$/);
  const env = {
    BOXLITE_REST_URL: url,
    BOXLITE_REST_CLIENT_ID: 'test-client',
    BOXLITE_REST_CLIENT_SECRET: 'test-secret',
  };
  const remote = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli.run(args, { env });
    return code === 0 ? stdout.toString() : `${code}: ${stderr}`;
  };
  const script = 'for i in 1 2 3; do echo line $i; done; while [ ! -e /go ]; do sleep 0.02; done; echo end; exit 3';
  const id = (await remote('run', '-d', '--name', 'talks', image, 'sh', '-c', script)).trim();
  // Its last two lines are those once all three are there.
  await expect.poll(() => remote('logs', 'talks'), { timeout: 20_000 }).toBe('line 1\nline 2\nline 3\n');
  const follower = cli.start(['logs', '-f', '-n', '2', 'talks'], env);
  // Its exit may be known before its last words are.
  const closed = once(follower, 'close');
  let followed = '';
  follower.stdout.on('data', (piece) => {
    followed += piece;
  });
  await expect.poll(() => followed, { timeout: 20_000 }).toBe('line 2\nline 3\n');
  expect(await remote('logs', '-n', '1', 'talks')).toBe('line 3\n');
  expect(await remote('pause', 'talks')).toBe('talks\n');
  const state = '{{.State.Status}} {{.State.Running}} {{.State.Paused}} {{.State.ExitCode}}';
  expect(await remote('inspect', '-f', state, id)).toBe('paused false true null\n');
  expect(await remote('resume', 'talks')).toBe('talks\n');
  await remote('exec', 'talks', 'touch', '/go');
  expect(await closed).toEqual([0, null]);
  expect(followed).toBe('line 2\nline 3\nend\n');
  expect(await remote('inspect', '-f', state, id)).toBe('running true false 3\n');
  expect(await remote('restart', '--timeout', '1', 'talks')).toBe('talks\n');
  expect(await remote('rm', '-f', 'talks')).toBe('talks\n');
  await remote('create', '--name', 'mute', '--auto-stop', '60', '--no-auto-resume', '--processes', '300', image);
  const made = '{{.AutoStopMs}} {{.AutoResume}} {{.Processes}} {{.Security}} {{.Detach}} {{.HealthCheck}}';
  expect(await remote('inspect', '-f', made, 'mute')).toBe('60000 false 300 standard true null\n');
  await remote('run', '-dit', '--name', 'typed', image, 'sh', '-c', '[ -t 1 ] && exit 5');
  await expect.poll(() => remote('inspect', '-f', '{{.Tty}} {{.State.ExitCode}}', 'typed')).toBe('true 5\n');
  await remote('rm', '-f', 'typed');
  expect(await remote('logs', 'mute')).toMatch(/^1: Error: box mute has no main command/);
  server.kill('SIGTERM');
  expect(await exitCode(server)).toBe(0);
});

test('info tells what the runtime holds and gives', async () => {
  const info = JSON.parse(await printed('info', '--format', 'json'));
  expect(info).toMatchObject({ Backend: 'local', Home: cli.homeDir, Defaults: { cpus: 1, memoryMib: 512 } });
  expect((await cli.run(['info', '--format', 'xml'])).code).toBe(2);
});
