import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { testServer } from '../testing/test-server.ts';
import { lineLog } from './line-log.ts';

function lines(level: 'debug' | 'info' = 'info'): {
  readonly text: () => string;
  readonly log: ReturnType<typeof lineLog>['log'];
} {
  let text = '';
  const to = new Writable({
    write(piece, _, done) {
      text += String(piece);
      done();
    },
  });
  return { text: () => text, log: lineLog(level, to).log };
}

test('a request is one line of JSON with its id, operation, status, duration and principal', async () => {
  const { text, log } = lines();
  const { ask } = testServer({ log });
  await ask('GET', '/v1/default/boxes?pageSize=3', { headers: { 'x-request-id': 'mine' } });
  await ask('GET', '/health');
  expect(text().trimEnd().split('\n')).toHaveLength(1);
  expect(JSON.parse(text())).toEqual({
    level: 30,
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    requestId: 'mine',
    operation: 'listBoxes',
    method: 'GET',
    path: '/v1/default/boxes',
    status: 200,
    durationMs: expect.any(Number),
    principal: 'api-key',
    msg: 'request',
  });
});

test('what monitors ask is there for who wants to see it', async () => {
  const { text, log } = lines('debug');
  await testServer({ log }).ask('GET', '/health');
  expect(JSON.parse(text())).toMatchObject({ level: 20, operation: 'health', status: 200 });
});

test('an error of the server has its stack and its cause', () => {
  const { text, log } = lines();
  log({ level: 'error', message: 'request', error: new Error('outer', { cause: new Error('inner') }) });
  expect(JSON.parse(text()).error).toMatch(/^Error: outer\n[\s\S]*\ncaused by Error: inner\n/);
});

test('whatever was thrown is logged, also what is its own cause or cannot be a text', () => {
  const { text, log } = lines();
  const circle = new Error('round');
  circle.cause = circle;
  const odd = Object.assign(new Error('odd'), { stack: 1n });
  for (const error of [circle, Object.create(null), odd, 'a text']) log({ level: 'error', message: 'request', error });
  const said = text()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).error);
  expect(said).toEqual([expect.stringContaining('round'), '[Object: null prototype] {}', '1', 'a text']);
});

test('no secret gets into the log: no credential, no token, no environment, no input', async () => {
  const { text, log } = lines('debug');
  const { ask, backend } = testServer({ log });
  const box = await backend.create({}, 'a');
  await box.exec({ command: 'cat' });
  const form = (body: string): Promise<Response> =>
    ask('POST', '/v1/oauth/tokens', { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  const token = await (
    await form('grant_type=client_credentials&client_id=test-client&client_secret=test-secret')
  ).json();
  await form('grant_type=client_credentials&client_id=test-client&client_secret=SECRET-wrong');
  await form('grant_type=SECRET-grant&client_secret=SECRET-form');
  const secrets = { authorization: 'Bearer SECRET-bearer', cookie: 'SECRET-cookie', 'idempotency-key': 'SECRET-key' };
  await ask('GET', '/v1/default/boxes/a', { headers: secrets });
  await ask('GET', '/v1/default/boxes?SECRET-query=SECRET-value');
  const env = { TOKEN: 'SECRET-env' };
  await ask('POST', '/v1/default/boxes', { json: { name: 'b', env } });
  await ask('POST', '/v1/default/boxes', { json: { name: 'a', env, cpus: 'SECRET-cpus' } });
  await ask('POST', '/v1/default/boxes/a/exec', { json: { command: 'echo', args: ['SECRET-arg'], env } });
  // A fault of the server: the error itself is logged.
  await ask('POST', '/v1/default/boxes/a/exec', { json: { command: 'crash', args: ['SECRET-arg'], env } });
  await ask('POST', '/v1/default/boxes/a/executions/E1/input', {
    body: 'SECRET-stdin',
    headers: { 'content-type': 'application/octet-stream' },
  });
  await ask('GET', '/v1/default/boxes/a/executions/E1', { headers: { authorization: `Bearer ${token.access_token}` } });
  expect(text().trimEnd().split('\n').length).toBeGreaterThan(9);
  expect(text()).toContain('"status":500');
  for (const secret of ['SECRET', 'test-secret', 'test-key', token.access_token]) expect(text()).not.toContain(secret);
});
