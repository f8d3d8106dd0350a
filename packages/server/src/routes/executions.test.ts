import { execResponse, executionInfo, listExecutionsResponse, read } from '@boxlite/api';
import { expect, test } from 'vitest';
import { type TestServer, testKey, testServer } from '../testing/test-server.ts';

const box = '/v1/default/boxes/a';

async function withBox(): Promise<TestServer> {
  const server = testServer();
  await server.backend.create({}, 'a');
  return server;
}

test('a command is started with 201, its Location and everything asked for', async () => {
  const { ask, backend } = await withBox();
  const response = await ask('POST', `${box}/exec`, {
    json: {
      command: 'sh',
      args: ['-c', 'true'],
      env: { A: '1' },
      working_dir: '/tmp',
      timeout_seconds: 1.5,
      tty: true,
      user: null,
      cols: 100,
    },
  });
  expect(response.status).toBe(201);
  const { execution_id } = read(execResponse, await response.json());
  const made = backend.boxes[0];
  expect(response.headers.get('location')).toBe(`/v1/default/boxes/${made?.id}/executions/${execution_id}`);
  expect(made?.started[0]?.options).toEqual({
    command: 'sh',
    args: ['-c', 'true'],
    env: { A: '1' },
    workingDir: '/tmp',
    timeoutMs: 1500,
    tty: true,
    size: { cols: 100, rows: 24 },
  });
});

const asOutput = { accept: 'text/event-stream, application/json', 'x-close-stdin': 'true' };

test('a command is started, its stdin closed and its output given by one request', async () => {
  const { ask, backend } = await withBox();
  const response = await ask('POST', `${box}/exec`, { json: { command: 'manual' }, headers: asOutput });
  const [made] = backend.boxes;
  const [execution] = made?.started ?? [];
  expect([response.status, response.headers.get('content-type')]).toEqual([201, 'text/event-stream; charset=utf-8']);
  expect(response.headers.get('location')).toBe(`/v1/default/boxes/${made?.id}/executions/${execution?.id}`);
  expect(execution?.stdinClosed).toBe(true);
  execution?.push('stdout', 'one');
  execution?.finish({ exitCode: 3 });
  expect(await response.text()).toBe(
    'id: 3.0\nevent: stdout\ndata: {"data":"b25l"}\n\nevent: exit\ndata: {"exit_code":3,"duration_ms":5}\n\n',
  );
});

test('the same request again gives the id of the command that it started, also once that was removed', async () => {
  const { ask, backend } = await withBox();
  const asked = { json: { command: 'manual' }, headers: { ...asOutput, 'idempotency-key': 'k' } };
  const first = await ask('POST', `${box}/exec`, asked);
  const location = first.headers.get('location') ?? '';
  await first.body?.cancel();
  const again = async (): Promise<void> => {
    const answer = await ask('POST', `${box}/exec`, asked);
    expect([answer.status, answer.headers.get('location')]).toEqual([201, location]);
    expect(location).toContain(read(execResponse, await answer.json()).execution_id);
  };
  await again();
  backend.boxes[0]?.started[0]?.finish({ exitCode: 0 });
  expect((await ask('DELETE', location)).status).toBe(204);
  await again();
  expect(backend.boxes[0]?.started).toHaveLength(1);
});

test.each(['text/event-stream;q=0.1', '*/*', 'application/json'])(
  'Accept %s gets the id of what was started',
  async (accept) => {
    const { ask } = await withBox();
    const response = await ask('POST', `${box}/exec`, { json: { command: 'manual' }, headers: { accept } });
    expect(read(execResponse, await response.json()).execution_id).toBeTruthy();
  },
);

test.each([{}, { command: '' }, { command: 'x', timeout_seconds: 0.05 }, { command: 'x', timeout_seconds: 3601 }])(
  '%j is no command: 400',
  async (json) => {
    expect((await (await withBox()).ask('POST', `${box}/exec`, { json })).status).toBe(400);
  },
);

test('a command that cannot start is 422, a box or execution that is missing 404', async () => {
  const { ask } = await withBox();
  expect((await ask('POST', `${box}/exec`, { json: { command: 'missing' } })).status).toBe(422);
  expect((await ask('POST', '/v1/default/boxes/b/exec', { json: { command: 'x' } })).status).toBe(404);
  expect((await ask('GET', `${box}/executions/E9`)).status).toBe(404);
  expect((await ask('GET', `${box}/executions/E9/output`)).status).toBe(404);
  expect((await ask('GET', `${box}/executions/%00`)).status).toBe(404);
});

test('an execution tells how far it is', async () => {
  const { ask, backend } = await withBox();
  const execution = await backend.boxes[0]?.exec({ command: 'manual' });
  const told = async (): Promise<unknown> =>
    read(executionInfo, await (await ask('GET', `${box}/executions/E1`)).json());
  expect(await told()).toMatchObject({ execution_id: 'E1', status: 'running', exit_code: null, duration_ms: null });
  execution?.finish({ exitCode: 7 });
  expect(await told()).toMatchObject({ status: 'completed', exit_code: 7, duration_ms: 5 });
});

test('input is written in the order it comes and closed when the header says so, in any case', async () => {
  const { ask, backend } = await withBox();
  const execution = await backend.boxes[0]?.exec({ command: 'cat' });
  const headers = { 'content-type': 'application/octet-stream' };
  const path = `${box}/executions/E1/input`;
  expect((await ask('POST', path, { body: new Uint8Array([0, 255]), headers })).status).toBe(204);
  expect((await ask('POST', path, { body: new Blob(['more']).stream(), headers })).status).toBe(204);
  expect(execution?.stdinClosed).toBe(false);
  expect((await ask('POST', path, { headers: { 'x-close-stdin': 'TRUE' } })).status).toBe(204);
  expect(execution?.stdinClosed).toBe(true);
  expect(Buffer.concat(execution?.input ?? []).toString('latin1')).toBe('\u0000\u00ffmore');
  expect((await ask('POST', path, { body: 'late', headers })).status).toBe(409);
  expect((await ask('POST', path, { json: {} })).status).toBe(415);
});

test('input that a command does not take is given up in time, with a typed error', async () => {
  const { ask, backend } = testServer({ inputTimeoutMs: 20 });
  await backend.create({}, 'a');
  await backend.boxes[0]?.exec({ command: 'stuck' });
  const answer = await ask('POST', `${box}/executions/E1/input`, { body: new Uint8Array(1) });
  expect(answer.status).toBe(504);
  expect(await answer.json()).toMatchObject({ error: { type: 'TimeoutError' } });
});

test('a client that leaves while its input waits ends the wait, and that is no failure of the server', async () => {
  const { app, backend, log } = testServer();
  await backend.create({}, 'a');
  await backend.boxes[0]?.exec({ command: 'stuck' });
  const leaving = new AbortController();
  const headers = { authorization: `Bearer ${testKey}` };
  const url = `http://server${box}/executions/E1/input`;
  const answer = app.fetch(
    new Request(url, { method: 'POST', headers, body: new Uint8Array(1), signal: leaving.signal }),
  );
  leaving.abort();
  expect((await answer).status).toBe(499);
  expect(log.at(-1)).toMatchObject({ level: 'info', status: 499 });
});

test('signals go by number from 1 to 64, and none reaches what has ended', async () => {
  const { ask, backend } = await withBox();
  const execution = await backend.boxes[0]?.exec({ command: 'manual' });
  const signal = async (number: unknown): Promise<number> =>
    (await ask('POST', `${box}/executions/E1/signal`, { json: { signal: number } })).status;
  for (const wrong of [0, 65, 1.5, '9', null]) expect(await signal(wrong)).toBe(400);
  expect(await signal(9)).toBe(204);
  expect(execution?.signals).toEqual([9]);
  expect(await signal(9)).toBe(409);
});

test('terminals are resized within 1 to 65535', async () => {
  const { ask, backend } = await withBox();
  const execution = await backend.boxes[0]?.exec({ command: 'manual', tty: true });
  const resize = async (json: unknown): Promise<number> =>
    (await ask('POST', `${box}/executions/E1/resize`, { json })).status;
  for (const wrong of [{}, { cols: 0, rows: 1 }, { cols: 1, rows: 65536 }]) expect(await resize(wrong)).toBe(400);
  expect(await resize({ cols: 120, rows: 40 })).toBe(204);
  expect(execution?.sizes).toEqual([{ cols: 120, rows: 40 }]);
});

test('the executions of a box are listed in pages, oldest first', async () => {
  const { ask, backend } = await withBox();
  expect(read(listExecutionsResponse, await (await ask('GET', `${box}/executions`)).json())).toEqual({
    executions: [],
    next_page_token: null,
  });
  for (let i = 0; i < 3; i++) await backend.boxes[0]?.exec({ command: 'manual' });
  const found: string[] = [];
  for (let token: string | null | undefined = ''; token != null; ) {
    const query: string = `pageSize=2${token && `&pageToken=${token}`}`;
    const page = read(listExecutionsResponse, await (await ask('GET', `${box}/executions?${query}`)).json());
    found.push(...page.executions.map(({ execution_id, status }) => `${execution_id} ${status}`));
    token = page.next_page_token;
  }
  expect(found).toEqual(['E1 running', 'E2 running', 'E3 running']);
  expect((await ask('GET', `${box}/executions?pageToken=x`)).status).toBe(400);
  expect((await ask('GET', `${box}/executions?pageSize=0`)).status).toBe(400);
  expect((await ask('GET', '/v1/default/boxes/none/executions')).status).toBe(404);
});
