import { expect, test } from 'vitest';
import { cliInNewHome, exitCode, said } from '../testing/cli.ts';

test('a server without credentials shows a key once, and its boxes outlive it', async () => {
  await using cli = await cliInNewHome();
  const first = cli.start(['serve', '--port', '0']);
  const [[, key = ''], [, url = '']] = await Promise.all([
    said(first.stderr, /^API key, shown only this once: (\S+)\n/),
    said(first.stdout, /^listening on (http:\/\/127\.0\.0\.1:\d+)\n$/),
  ]);
  const remote = { env: { BOXLITE_API_KEY: key } };
  await cli.run(['--url', url, 'create', '--name', 'stays', 'boxlite/base:latest'], remote);
  const ran = await cli.run(['exec', '--url', url, '-i', 'stays', '--', 'sh', '-c', 'cat; exit 3'], {
    ...remote,
    stdin: 'over the wire',
  });
  expect([ran.code, ran.stdout.toString(), ran.stderr]).toEqual([3, 'over the wire', '']);

  const stranger = await cli.run(['list', '--url', url], { env: { BOXLITE_API_KEY: 'wrong' } });
  expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringMatching(/^Error: .*credential/)]);

  const pid = (await cli.run(['inspect', '--url', url, '-f', '{{.State.Pid}}', 'stays'], remote)).stdout.toString();
  first.kill('SIGTERM');
  expect(await exitCode(first)).toBe(0);

  const second = cli.start(['serve', '--port', '0', '--oauth-client', 'me:secret']);
  const [, again = ''] = await said(second.stdout, /^listening on (\S+)\n$/);
  const env = { BOXLITE_REST_URL: again, BOXLITE_REST_CLIENT_ID: 'me', BOXLITE_REST_CLIENT_SECRET: 'secret' };
  const survived = await cli.run(['inspect', '-f', '{{.State.Status}} {{.State.Pid}}', 'stays'], { env });
  expect(survived.stdout.toString()).toBe(`running ${pid}`);
  second.kill('SIGINT');
  expect(await exitCode(second)).toBe(0);
});

test('a port that is taken is an error that says so', async () => {
  await using cli = await cliInNewHome();
  await using other = await cliInNewHome();
  const first = cli.start(['serve', '--port', '0', '--dev']);
  const [, port = ''] = await said(first.stdout, /^listening on http:\/\/127\.0\.0\.1:(\d+)\n$/);
  const second = await other.run(['serve', '--port', port, '--dev']);
  expect([second.code, second.stderr]).toEqual([
    1,
    `Error: port ${port} on 127.0.0.1 is taken; choose another with --port\n`,
  ]);
  first.kill('SIGTERM');
  expect(await exitCode(first)).toBe(0);
});
