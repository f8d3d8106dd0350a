import { ApiKeyCredential, Boxlite } from 'boxlite';
import { expect, test } from 'vitest';
import { cliInNewHome, exitCode, said } from '../testing/cli.ts';

const key = 'drain-key';
const serve = ['serve', '--port', '0', '--api-key', key];

test('on SIGTERM a server lets what is under way go on for a time, and its clients resume with the next one', async () => {
  await using cli = await cliInNewHome();
  const first = cli.start([...serve, '--drain-timeout', '3s']);
  const [, url = ''] = await said(first.stdout, /^listening on (\S+)\n$/);
  const port = new URL(url).port;
  const runtime = Boxlite.rest({ url, credential: new ApiKeyCredential(key) });
  const box = await runtime.create({ image: 'boxlite/base:latest', autoRemove: false });
  const happened = runtime.events();
  expect((await happened.next()).value).toMatchObject({ type: 'open' });
  // Said only once the next server is there: the reader must have come back for it.
  const execution = await box.exec('sh', ['-c', 'echo before; until [ -e /go ]; do sleep 0.1; done; echo after']);
  const bytes = execution.output()[Symbol.asyncIterator]();
  const decode = ({ value }: IteratorResult<{ readonly data: Uint8Array }>): string =>
    new TextDecoder().decode(value?.data);
  expect(decode(await bytes.next())).toBe('before\n');
  const rest = bytes.next();

  first.kill('SIGTERM');
  await expect
    .poll(() =>
      fetch(`${url}/health`).then(
        () => 'taken',
        () => 'refused',
      ),
    )
    .toBe('refused');
  expect(first.exitCode).toBeNull();
  expect(await exitCode(first)).toBe(0);

  const second = cli.start(['serve', '--port', port, '--api-key', key]);
  await said(second.stdout, /^listening on (\S+)\n$/);
  await box.exec('touch', ['/go']);
  expect(decode(await rest)).toBe('after\n');
  expect((await execution.wait()).exitCode).toBe(0);
  // The box went on all the time; its start is told by the stream that outlived the server.
  expect((await happened.next()).value).toMatchObject({ type: 'started', boxId: box.id });
  const next = happened.next();
  await box.stop();
  expect((await next).value).toMatchObject({ type: 'stopping', boxId: box.id });
  await happened.return(undefined);
  second.kill('SIGTERM');
  expect(await exitCode(second)).toBe(0);
});

test('a second signal ends the server at once, whichever the first was', async () => {
  await using cli = await cliInNewHome();
  const server = cli.start([...serve, '--drain-timeout', '60s']);
  const [, url = ''] = await said(server.stdout, /^listening on (\S+)\n$/);
  const runtime = Boxlite.rest({ url, credential: new ApiKeyCredential(key) });
  const box = await runtime.create({ image: 'boxlite/base:latest', autoRemove: false });
  const execution = await box.exec('sleep', ['1000']);
  execution.wait().catch(() => {});
  await expect
    .poll(() =>
      fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } }).then((answer) => answer.text()),
    )
    .toContain('boxlite_streams_open 1');
  server.kill('SIGTERM');
  await said(server.stderr, /shutting down/);
  server.kill('SIGINT');
  expect(await exitCode(server)).toBeNull();
});

test('a server whose log nobody reads answers all the same, and ends at SIGTERM', async () => {
  await using cli = await cliInNewHome();
  const server = cli.start(serve);
  const [, url = ''] = await said(server.stdout, /^listening on (\S+)\n$/);
  // More than a pipe and its reader's buffer take, until which nothing is held up.
  const path = `/v1/${'x'.repeat(500)}`;
  for (let round = 0; round < 40; round++) {
    const answers = await Promise.all(Array.from({ length: 25 }, () => fetch(`${url}${path}`)));
    for (const answer of answers) await answer.arrayBuffer();
  }
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  expect(await ended).toBe(0);
});
