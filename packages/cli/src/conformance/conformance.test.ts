import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, cliInNewHome, exitCode, said } from '../testing/cli.ts';
import type { Result } from './run.ts';

let cli: Cli;
let url: string;
let stop: () => Promise<void>;
const keys = { alpha: '', beta: '' };

beforeAll(async () => {
  cli = await cliInNewHome();
  for (const tenant of ['alpha', 'beta'] as const) {
    const made = await cli.run(['keys', 'create', '--local', '--tenant', tenant, tenant]);
    keys[tenant] = made.stdout.toString().trim();
  }
  const server = cli.start([
    'serve',
    '--port',
    '0',
    '--oauth-client',
    'me:secret',
    '--attached',
    '--log-level',
    'error',
  ]);
  server.stderr.resume();
  [, url = ''] = await said(server.stdout, /^listening on (\S+)\n$/);
  stop = async () => {
    server.kill('SIGTERM');
    await exitCode(server);
  };
});

afterAll(async () => {
  await stop();
  await cli[Symbol.asyncDispose]();
});

/** What the kit finds; every requirement unless some are named. */
async function conformance(at: string, ...more: readonly string[]): Promise<[number | null, readonly Result[]]> {
  const found = await cli.run(
    ['conformance', at, '--image', 'boxlite/base:latest', '--format', 'json', '--at-once', '4', ...more],
    { env: { BOXLITE_API_KEY: keys.alpha } },
  );
  expect(found.stderr).toBe('');
  const results: readonly Result[] = JSON.parse(found.stdout.toString());
  return [found.code, results];
}

test('this server does all that the contract says, and no box is left behind', { timeout: 120_000 }, async () => {
  const [code, results] = await conformance(url, '--oauth-client', 'me:secret', '--other-api-key', keys.beta);
  expect(results.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
  expect(code).toBe(0);
  expect(results.length).toBeGreaterThanOrEqual(110);
  for (const env of [
    { BOXLITE_API_KEY: keys.alpha, BOXLITE_REST_PATH_PREFIX: 'alpha' },
    { BOXLITE_REST_CLIENT_ID: 'me', BOXLITE_REST_CLIENT_SECRET: 'secret' },
  ]) {
    const left = await cli.run(['list', '--url', url, '-a', '-q'], { env });
    expect([left.stdout.toString(), left.stderr]).toEqual(['', '']);
  }
});

/** A proxy whose answers lack, in turn, what clients of either generation cannot do without. */
async function brokenServer(): Promise<AsyncDisposable & { readonly url: string }> {
  const proxy = createServer((asked, answer) => {
    const { method, headers } = asked;
    asked.pipe(request(`${url}${asked.url}`, { method, headers }, (found) => void broken(asked, found, answer)));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  proxy.listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = proxy.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      await new Promise((done) => proxy.close(done));
    },
  };
}

async function broken(asked: IncomingMessage, found: IncomingMessage, answer: ServerResponse) {
  const body = Buffer.concat(await Array.fromAsync<Buffer>(found)).toString('latin1');
  const { 'x-request-id': id, 'content-length': _, 'transfer-encoding': __, ...headers } = found.headers;
  const failed = (found.statusCode ?? 0) >= 400;
  const started = asked.url?.endsWith('/start') === true;
  answer.writeHead(started ? 204 : (found.statusCode ?? 0), failed ? headers : { ...headers, 'x-request-id': id });
  const changed = body.replace(/"code":"not_found"/, '"code":404').replaceAll(/^id: .*\n/gm, '');
  answer.end(started || asked.method === 'HEAD' ? undefined : Buffer.from(changed, 'latin1'));
}

test('what a broken server does wrong is told requirement by requirement, and the exit code is 1', async () => {
  await using server = await brokenServer();
  const ids = [
    'http.request-id',
    'http.request-id-echo',
    'access.error-words',
    'access.error-words-anonymous',
    'lists.all',
    'lifecycle.start',
    'output.exit-last',
    'output.ids',
  ];
  const [code, results] = await conformance(server.url, ...ids.flatMap((one) => ['--only', one]));
  expect(code).toBe(1);
  expect(Object.fromEntries(results.map(({ id, reason }) => [id, reason]))).toEqual({
    'http.request-id': 'X-Request-Id of GET /me must match /./; it is null',
    'http.request-id-echo': null,
    'access.error-words': 'error.code must be "not_found"; it is 404',
    'access.error-words-anonymous': null,
    'lists.all': null,
    'lifecycle.start': expect.stringMatching(/^POST \/boxes\/\w+\/start must be 200; it is 204/),
    'output.exit-last': null,
    'output.ids': 'the id of an event must be "4.0"; it is absent',
  });
});

test('a server that is not there, a URL that is none and a missing credential are said in one line', async () => {
  const gone = await cli.run(['conformance', 'http://127.0.0.1:1', '--api-key', 'x']);
  expect([gone.code, gone.stderr]).toEqual([
    1,
    expect.stringMatching(/^Error: GET \/config got no whole answer: .*\n$/),
  ]);
  const odd = await cli.run(['conformance', 'host', '--api-key', 'x']);
  expect([odd.code, odd.stderr]).toEqual([2, expect.stringMatching(/^Error: a URL is such as https:\/\/host/)]);
  const none = await cli.run(['conformance', url], { env: { BOXLITE_API_KEY: '' } });
  expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/^Error: a credential is needed/)]);
});
