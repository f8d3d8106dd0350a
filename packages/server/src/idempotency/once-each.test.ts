import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { operations } from '@boxlite/api';
import { StorageError } from 'boxlite/backend';
import { expect, onTestFinished, test } from 'vitest';
import { configuredPrincipal } from '../auth/principal.ts';
import type { Reply } from '../http/reply.ts';
import { json } from '../http/respond.ts';
import { pageTokens } from '../paging/page-tokens.ts';
import { boxRoutes } from '../routes/boxes.ts';
import type { RestCall, Routes } from '../routes/route.ts';
import { openServerStore, type ServerStore } from '../store/server-store.ts';
import { tenantsOf } from '../tenants.ts';
import { liveServer } from '../testing/live-server.ts';
import { type AskInit, type TestServer, testServer } from '../testing/test-server.ts';
import type { Note } from './attempt.ts';
import { keyedOperations, onceEach } from './once-each.ts';
import { type KeySlot, type RequestRecords, requestRecords } from './records.ts';
import { undoNoted } from './undo-noted.ts';

const boxes = '/v1/default/boxes';

async function inFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'boxlite-keys-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, 'server.db');
}

/** Asks with a key. */
function keyed({ ask }: TestServer, key: string): TestServer['ask'] {
  return (method, path, init: AskInit = {}) =>
    ask(method, path, { ...init, headers: { ...init.headers, 'idempotency-key': key } });
}

/** All that must be the same in a second answer. */
async function told(response: Response): Promise<unknown[]> {
  const { status, headers } = response;
  const kept = ['content-type', 'content-length', 'location'].map((name) => headers.get(name));
  return [status, ...kept, await response.text()];
}

/** What a request to each operation that takes a key is, on a box `a` with an execution `E1` and a snapshot `s`. */
const requests: Readonly<Record<string, [path: string, init?: AskInit]>> = {
  createBox: ['', { json: { name: 'new' } }],
  getOrCreateBox: ['/other', { json: {} }],
  removeBox: ['/a?force=true'],
  startBox: ['/a/start'],
  stopBox: ['/a/stop', { json: { timeout_seconds: 1 } }],
  restartBox: ['/a/restart'],
  pauseBox: ['/a/pause'],
  resumeBox: ['/a/resume'],
  startExecution: ['/a/exec', { json: { command: 'cat' } }],
  sendExecutionInput: ['/a/executions/E1/input', { body: Buffer.from('in') }],
  removeExecution: ['/a/executions/E1'],
  signalExecution: ['/a/executions/E1/signal', { json: { signal: 15 } }],
  resizeExecution: ['/a/executions/E1/resize', { json: { cols: 1, rows: 1 } }],
  uploadFiles: ['/a/files?path=/x', { body: 'tar', headers: { 'content-type': 'application/x-tar' } }],
  writeFile: ['/a/files/content?path=/x', { body: 'x', headers: { 'content-type': 'application/octet-stream' } }],
  removeFile: ['/a/files/entry?path=/f'],
  makeDirectory: ['/a/files/directory?path=/d'],
  createSnapshot: ['/a/snapshots', { json: { name: 'new' } }],
  removeSnapshot: ['/a/snapshots/s'],
  restoreSnapshot: ['/a/snapshots/s/restore'],
  cloneBox: ['/a/clone', { json: { name: 'copy' } }],
  importBox: [
    '/import?name=b',
    { body: 'BOXLITE-ARCHIVE\narchive of a', headers: { 'content-type': 'application/octet-stream' } },
  ],
  exportBox: ['/a/export', { json: {} }],
  openTunnel: ['/a/network/tunnel?port=80'],
  pullImage: ['/../images/pull', { json: { reference: 'alpine' } }],
  pruneImages: ['/../images/prune', { json: {} }],
  removeImage: ['/../images/alpine'],
  importImage: [
    '/../images/import?reference=tools',
    { body: 'image', headers: { 'content-type': 'application/x-tar' } },
  ],
  createVolume: ['/../volumes', { json: { name: 'v' } }],
  removeVolume: ['/../volumes/w'],
  createApiKey: ['/../api-keys', { json: { name: 'new' } }],
  revokeApiKey: ['/../api-keys/old'],
};

test('every operation that changes something takes a key, and is in the table of this test', () => {
  expect(Object.keys(requests).toSorted()).toEqual([...keyedOperations].toSorted());
});

test.each([...keyedOperations])(
  '%s is done once, and its answer given again, marked, also after a restart',
  async (id) => {
    const path = await inFolder();
    const [target, init] = requests[id] ?? [''];
    const method = operations.find(({ operationId }) => operationId === id)?.method ?? '';
    const first = testServer({ store: openServerStore(path) });
    const box = await first.backend.create({}, 'a');
    const execution = await box.exec({ command: 'manual', tty: true });
    await box.snapshots.create('s');
    await first.backend.volumes.create('w');
    box.files.contents.set('/f', new Uint8Array());
    await first.backend.images.pull('alpine');
    await first.ask('POST', '/v1/default/api-keys', { json: { name: 'old' } });
    const ask = keyed(first, 'k1');
    const answer = await told(await ask(method, boxes + target, init));
    expect(Number(answer[0])).toBeLessThan(300);
    const effects = (): unknown[] => [
      first.backend.boxes.length,
      box.started.length,
      execution.input,
      execution.signals,
      execution.sizes,
      box.uploads,
      [...box.files.contents.keys()],
    ];
    const before = structuredClone(effects());
    const again = await ask(method, boxes + target, init);
    const isSecret = ['exportBox', 'openTunnel', 'createApiKey'].includes(id);
    expect(again.headers.get('idempotent-replay')).toBe(isSecret ? null : 'true');
    expect(again.headers.get('x-request-id')).toMatch(/./);
    if (!isSecret) expect(await told(again)).toEqual(answer);
    const restarted = testServer({ store: openServerStore(path) });
    await restarted.backend.create({}, 'a');
    const later = await keyed(restarted, 'k1')(method, boxes + target, init);
    if (!isSecret) expect(await told(later)).toEqual(answer);
    expect(structuredClone(effects())).toEqual(before);
    const other = await ask('POST', `${boxes}/a/pause`, { json: { other: 1 } });
    expect(other.status).toBe(422);
  },
);

test('another payload, path, query or operation with the key is 422 with the envelope; another key space is another key', async () => {
  const server = testServer({
    auth: {
      apiKeys: [{ key: 'test-key' }, { id: 'someone', key: 'other-key' }],
    },
  });
  const ask = keyed(server, 'k1');
  expect((await ask('POST', boxes, { json: { name: 'one' } })).status).toBe(201);
  for (const [path, init] of [
    [boxes, { json: { name: 'two' } }],
    [boxes, { json: { name: 'one' }, headers: { 'content-type': 'application/json; charset=utf-8' } }],
    [`${boxes}?x=1`, { json: { name: 'one' } }],
    [`${boxes}/one/clone`, { json: { name: 'one' } }],
  ] as const) {
    const response = await ask('POST', path, init);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ error: { type: 'InvalidArgumentError', code: 'invalid_argument' } });
  }
  expect((await ask('POST', '/v1/other/boxes', { json: { name: 'three' } })).status).toBe(201);
  const headers = { authorization: 'Bearer other-key' };
  expect((await ask('POST', boxes, { json: { name: 'four' }, headers })).status).toBe(201);
  expect(server.backend.boxes.map(({ name }) => name)).toEqual(['one', 'four']);
  expect(server.backend.tenant('other').boxes.map(({ name }) => name)).toEqual(['three']);
});

test('a refusal is given again as it was; what may be gone at the next try is not', async () => {
  const server = testServer();
  const { backend } = server;
  await backend.create({}, 'one');
  const ask = keyed(server, 'k1');
  expect((await ask('POST', boxes, { json: { name: 'one' } })).status).toBe(409);
  await backend.remove('one');
  const again = await ask('POST', boxes, { json: { name: 'one' } });
  expect([again.status, again.headers.get('idempotent-replay')]).toEqual([409, 'true']);
  expect(await again.json()).toMatchObject({ error: { type: 'AlreadyExistsError', code: 'already_exists' } });
  const box = await backend.create({}, 'two');
  const start = keyed(server, 'k2');
  expect((await start('POST', `${boxes}/two/exec`, { json: { command: 'crash' } })).status).toBe(500);
  const retried = await start('POST', `${boxes}/two/exec`, { json: { command: 'crash' } });
  expect([retried.status, retried.headers.get('idempotent-replay')]).toEqual([500, null]);
  expect(box.started).toHaveLength(0);
});

test('a prune that fails after its effect tells at the next try what it removed, and not what is there again', async () => {
  const server = testServer();
  const { images } = server.backend;
  const prune = images.prune.bind(images);
  for (const name of ['one', 'two', 'three']) await images.pull(name);
  images.prune = async (...args) => {
    await prune(...args);
    throw new StorageError('the disk went away');
  };
  const ask = keyed(server, 'k1');
  const again = async (): Promise<Response> => ask('POST', '/v1/default/images/prune', { json: { keep: ['three'] } });
  expect((await again()).status).toBe(500);
  await images.pull('four');
  // Killed twice: what both have removed counts.
  expect((await again()).status).toBe(500);
  images.prune = (options, call) => prune({ ...options, keep: ['three', 'two'] }, call);
  await images.pull('two');
  const answer = await again();
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ removed: ['one', 'four'], freed_bytes: 0 });
});

test.each([
  'removeBox',
  'removeExecution',
  'removeSnapshot',
  'removeVolume',
  'removeImage',
  'removeFile',
  'makeDirectory',
  'writeFile',
] as const)('%s that fails after its effect has the answer of its effect at the next try', async (id) => {
  const server = testServer();
  const { backend } = server;
  const box = await backend.create({}, 'a');
  await box.exec({ command: 'manual' });
  await box.snapshots.create('s');
  await backend.volumes.create('w');
  box.files.contents.set('/f', new Uint8Array());
  await backend.images.pull('alpine');
  const method = operations.find(({ operationId }) => operationId === id)?.method ?? '';
  const [target = '', init] = requests[id] ?? [];
  const path = `${boxes}${target}${id === 'writeFile' ? '&overwrite=false' : ''}`;
  const [owner, name] = {
    removeBox: [backend, 'remove'] as const,
    removeExecution: [await box.execution('E1'), 'remove'] as const,
    removeSnapshot: [box.snapshots, 'remove'] as const,
    removeVolume: [backend.volumes, 'remove'] as const,
    removeImage: [backend.images, 'remove'] as const,
    removeFile: [box.files, 'remove'] as const,
    makeDirectory: [box.files, 'mkdir'] as const,
    writeFile: [box.files, 'write'] as const,
  }[id];
  const whole: unknown = Reflect.get(owner, name);
  Reflect.set(owner, name, async (...args: unknown[]) => {
    if (typeof whole === 'function') await whole.apply(owner, args);
    throw new StorageError('the disk went away');
  });
  const ask = keyed(server, 'k1');
  expect((await ask(method, path, init)).status).toBe(500);
  Reflect.set(owner, name, whole);
  expect((await ask(method, path, init)).status).toBe(204);
  // Who asks anew is told what is so.
  const other = await keyed(server, 'k2')(method, path, init);
  expect(other.status).toBe(id === 'makeDirectory' || id === 'writeFile' ? 409 : 404);
});

test('while the first is under way, the same request waits for it, and another is refused at once', async () => {
  const server = testServer();
  const { backend } = server;
  const open = Promise.withResolvers<void>();
  const create = backend.create.bind(backend);
  backend.create = async (...args) => {
    await open.promise;
    return create(...args);
  };
  const ask = keyed(server, 'k1');
  const asked = Array.from({ length: 5 }, () => ask('POST', boxes, { json: { name: 'one' } }));
  expect((await ask('POST', boxes, { json: { name: 'two' } })).status).toBe(422);
  open.resolve();
  const answers = await Promise.all((await Promise.all(asked)).map(told));
  expect(answers.map(([status]) => status)).toEqual([201, 201, 201, 201, 201]);
  expect(new Set(answers.map(String)).size).toBe(1);
  expect(backend.boxes).toHaveLength(1);
});

test('a client that leaves does not take the request with it: who asks again gets the answer', async () => {
  const server = await liveServer();
  const { backend } = server;
  const box = await backend.create({}, 'a');
  const [entered, open] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const exec = box.exec.bind(box);
  box.exec = async (...args) => {
    entered.resolve();
    await open.promise;
    return exec(...args);
  };
  const init = {
    headers: { 'idempotency-key': 'k1', 'content-type': 'application/json' },
    body: JSON.stringify({ command: 'manual' }),
  };
  const leaving = new AbortController();
  const gone = server.call('POST', `${boxes}/a/exec`, { ...init, signal: leaving.signal });
  await entered.promise;
  leaving.abort();
  await expect(gone).rejects.toThrow();
  const again = server.call('POST', `${boxes}/a/exec`, init);
  await setImmediate();
  open.resolve();
  const answer = await again;
  expect([answer.status, await answer.json()]).toEqual([201, { execution_id: 'E1' }]);
  expect(answer.headers.get('idempotent-replay')).toBe('true');
  expect(box.started).toHaveLength(1);
  expect(box.started[0]?.signals).toEqual([]);
});

test('a streamed body is compared as it passes, to the last byte', async () => {
  const server = testServer();
  const box = await server.backend.create({}, 'a');
  const type = { 'content-type': 'application/x-tar' };
  const ask = keyed(server, 'k1');
  const upload = (bytes: Uint8Array<ArrayBuffer>): Promise<Response> =>
    ask('PUT', `${boxes}/a/files?path=/x`, { body: bytes, headers: type });
  const body = new Uint8Array(3_000_000).fill(7);
  expect((await upload(body)).status).toBe(204);
  expect((await upload(body)).headers.get('idempotent-replay')).toBe('true');
  const changed = body.with(2_999_999, 8);
  expect((await upload(changed)).status).toBe(422);
  expect((await upload(body.slice(1))).status).toBe(422);
  expect((await upload(new Uint8Array([...body.subarray(0, 10)]))).status).toBe(422);
  expect(box.uploads).toMatchObject([{ bytes: 3_000_000 }]);
});

test('input that broke off half-way is continued where it was, not written twice', async () => {
  const server = testServer();
  const box = await server.backend.create({}, 'a');
  const execution = await box.exec({ command: 'cat' });
  await execution.write(Buffer.from('before '));
  const ask = keyed(server, 'k1');
  const send = (body: BodyInit): Promise<Response> => ask('POST', `${boxes}/a/executions/E1/input`, { body });
  const broken = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (execution.input.length === 1) controller.enqueue(Buffer.from('one '));
        else controller.error(new Error('the connection broke'));
      },
    },
    { highWaterMark: 0 },
  );
  expect((await send(broken)).status).toBeGreaterThanOrEqual(400);
  expect(Buffer.concat(execution.input).toString()).toBe('before one ');
  expect((await send(Buffer.from('one two'))).status).toBe(204);
  expect(Buffer.concat(execution.input).toString()).toBe('before one two');
  expect((await send(Buffer.from('one two'))).headers.get('idempotent-replay')).toBe('true');
  expect(Buffer.concat(execution.input).toString()).toBe('before one two');
});

test('a key is forgotten after a day, as the configuration says, and its row goes', async () => {
  const store = openServerStore(await inFolder());
  let now = Date.now();
  const server = testServer({ store, nowMs: () => now });
  const config = await (await server.ask('GET', '/v1/config')).json();
  expect(config.capabilities.idempotency_key_lifetime).toBe('PT24H');
  const ask = keyed(server, 'k1');
  const volume = (): Promise<Response> => ask('POST', '/v1/default/volumes');
  const first = await (await volume()).text();
  now += 24 * 60 * 60 * 1000 - 1;
  expect(await (await volume()).text()).toBe(first);
  now += 1;
  expect(await (await volume()).text()).not.toBe(first);
  now += 24 * 60 * 60 * 1000;
  await keyed(server, 'k2')('POST', '/v1/default/volumes');
  expect(store.database.prepare('SELECT key FROM requests').all()).toEqual([{ key: 'k2' }]);
});

test.each(['', 'a b', 'ü', 'x'.repeat(256), 'a, b'])('the key %j is 400', async (key) => {
  const response = await keyed(testServer(), key)('POST', boxes, { json: {} });
  expect(response.status).toBe(400);
});

test('the store is for its owner only, and a server without one does not say that keys last', async () => {
  const path = await inFolder();
  openServerStore(path).close();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const config = await (await testServer().ask('GET', '/v1/config')).json();
  expect(config.capabilities).toMatchObject({ idempotency_key_lifetime: null, get_or_create_enabled: true });
});

test('a command whose client left before the answer is ended, unless it is asked for again in time', async () => {
  const [operation] = ['startExecution'] as const;
  const left = new AbortController();
  const undone: string[] = [];
  const route = async ({ request, attempt }: RestCall): Promise<Reply> => {
    const { name } = await request.json();
    attempt?.note({ id: name });
    attempt?.undoIfAbandoned();
    left.abort();
    return json(201, { name });
  };
  const { backend } = testServer();
  const tenants = tenantsOf(backend);
  const records = requestRecords(openServerStore().database);
  const routes = Object.fromEntries(operations.map(({ operationId }) => [operationId, route])) as Routes;
  const undo = async (_: string, { id = '' }: Note): Promise<void> => void undone.push(id);
  const once = onceEach(routes, { records, onError: () => {}, undo, graceMs: 50 });
  const call = (name: string, signal?: AbortSignal): Promise<Reply> => {
    const init = { method: 'POST', headers: { 'idempotency-key': name }, body: JSON.stringify({ name }) };
    const request = new Request('http://server/', { ...init, ...(signal && { signal }) });
    const who = {
      who: configuredPrincipal('p', {}),
      tenant: 'default',
      prefix: undefined,
      generation: 2,
      root: '',
    } as const;
    return once[operation]({ request, params: {}, requestId: 'r', backend, tenants, upgrade: undefined, ...who });
  };
  await Promise.all([call('gone', left.signal), call('back', left.signal)]);
  expect((await call('back')).headers['idempotent-replay']).toBe('true');
  await expect.poll(() => undone).toContain('gone');
  expect(undone).toEqual(['gone']);
});

test('a box whose client left before the answer is removed, unless it has a name, was started, has a snapshot, or is asked for again', async () => {
  const server = testServer();
  const { backend } = server;
  const records = requestRecords(openServerStore().database);
  const { createBox } = boxRoutes({ pages: pageTokens(new Uint8Array(32)), hostRoots: [], hostPorts: [] });
  const routes = Object.fromEntries(operations.map(({ operationId }) => [operationId, createBox])) as Routes;
  const undo = (_: string, note: Note): Promise<void> => undoNoted(backend, note);
  const once = onceEach(routes, { records, onError: () => {}, undo, graceMs: 500 });
  const create = backend.create.bind(backend);
  const left = new AbortController();
  backend.create = async (...args) => {
    const box = await create(...args);
    if (args[0].labels?.['is'] === 'started') await box.start();
    if (args[0].labels?.['is'] === 'kept') await box.snapshots.create('s');
    left.abort();
    return box;
  };
  const call = (is: string, signal?: AbortSignal): Promise<Reply> => {
    const body = JSON.stringify({ labels: { is }, ...(is === 'named' && { name: is }) });
    const headers = { 'idempotency-key': is, 'content-type': 'application/json' };
    const request = new Request('http://server/', { method: 'POST', headers, body, ...(signal && { signal }) });
    const who = {
      who: configuredPrincipal('p', {}),
      tenant: 'default',
      prefix: undefined,
      generation: 2,
      root: '',
    } as const;
    const tenants = tenantsOf(backend);
    return once.createBox({ request, params: {}, requestId: 'r', backend, tenants, upgrade: undefined, ...who });
  };
  const labels = (): unknown[] => backend.boxes.map(({ options }) => options.labels?.['is']);
  await call('stayed');
  await Promise.all(['gone', 'back', 'named', 'started', 'kept'].map((is) => call(is, left.signal)));
  expect(labels()).toEqual(['stayed', 'gone', 'back', 'named', 'started', 'kept']);
  expect((await call('back')).headers['idempotent-replay']).toBe('true');
  await expect.poll(labels).not.toContain('gone');
  // The timers of all others would have run out by then, too.
  await call('last', AbortSignal.abort());
  await expect.poll(labels).toEqual(['stayed', 'back', 'named', 'started', 'kept']);
});

test('a store that cannot be written is a StorageError, and nothing is done', async () => {
  const store = openServerStore(await inFolder());
  const server = testServer({ store });
  store.database.exec('PRAGMA query_only = ON');
  const refused = await keyed(server, 'k')('POST', boxes, { json: { name: 'a' } });
  expect(refused.status).toBe(500);
  expect(await refused.json()).toMatchObject({ error: { type: 'StorageError', code: 'storage_error' } });
  expect(server.log[0]?.error).toMatchObject({ code: 'storage_failed', message: expect.stringContaining('server.db') });
  expect((await server.ask('GET', `${boxes}/a`)).status).toBe(404);
  store.database.exec('PRAGMA query_only = OFF');
  expect((await keyed(server, 'k')('POST', boxes, { json: { name: 'a' } })).status).toBe(201);
});

test('what frees space is done where nothing can be written', async () => {
  const store = openServerStore(await inFolder());
  onTestFinished(() => store.close());
  const server = testServer({ store });
  const { backend } = server;
  const box = await backend.create({}, 'a');
  await (await box.exec({ command: 'cat' })).closeStdin();
  await box.snapshots.create('s');
  await backend.volumes.create('w');
  box.files.contents.set('/f', new Uint8Array());
  for (const name of ['alpine', 'old']) await backend.images.pull(name);
  store.database.exec('PRAGMA query_only = ON');
  const done = async (id: string): Promise<number> => {
    const method = operations.find(({ operationId }) => operationId === id)?.method ?? '';
    const { status } = await keyed(server, id)(method, `${boxes}${requests[id]?.[0]}`, requests[id]?.[1]);
    return status;
  };
  for (const id of ['removeFile', 'removeExecution', 'removeSnapshot', 'removeVolume', 'removeImage']) {
    expect([id, await done(id)]).toEqual([id, 204]);
  }
  expect(await done('pruneImages')).toBe(200);
  expect(await done('removeBox')).toBe(204);
  expect(await backend.images.list()).toMatchObject({ images: [] });
  expect(backend.boxes).toHaveLength(0);
});

test('the keys that a key has made count on its quota, not beside it, also after a restart and of older tables', async () => {
  const path = await inFolder();
  const fingerprint = { head: 'h', body: undefined };
  const slot = (principal: string, root: string, key: string): KeySlot => ({ principal, root, tenant: 'a', key });
  const old = new DatabaseSync(path);
  old.exec(`CREATE TABLE requests (principal TEXT NOT NULL, tenant TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL,
    head TEXT NOT NULL, body TEXT, note TEXT, answer TEXT, PRIMARY KEY (principal, tenant, key)) STRICT, WITHOUT ROWID;
    CREATE INDEX requests_by_principal ON requests (principal, at)`);
  const before = old.prepare(`INSERT INTO requests VALUES ('maker', 'a', ?, ?, 'h', NULL, NULL, '"again"')`);
  for (let i = 0; i < 10; i++) before.run(`old ${i}`, Date.now() - 1000);
  old.close();
  const open = (): [ServerStore, RequestRecords] => {
    const store = openServerStore(path);
    return [store, requestRecords(store.database, { most: 32 })];
  };
  let [store, records] = open();
  const rows = (): number => Number(store.database.prepare('SELECT count(*) AS n FROM requests').get()?.['n']);
  expect(records.get(slot('maker', 'maker', 'old 0'))).toBeDefined();
  for (let i = 0; i < 30; i++) {
    records.finish(slot(`child ${i}`, 'maker', `${i}`), fingerprint, 'again');
    if (i === 15) {
      store.close();
      [store, records] = open();
    }
  }
  expect(rows()).toBeLessThanOrEqual(32);
  expect(records.get(slot('maker', 'maker', 'old 0'))).toBeUndefined();
  expect(records.get(slot('child 29', 'maker', '29'))).toBeDefined();
  records.finish(slot('someone', 'someone', '1'), fingerprint, 'again');
  expect(records.get(slot('child 29', 'maker', '29'))).toBeDefined();
  store.close();
});

test('a key that was made by a key counts on its maker', async () => {
  const store = openServerStore();
  const server = testServer({ store });
  const made = await server.ask('POST', '/v1/default/api-keys', { json: { name: 'child' } });
  const { value } = await made.json();
  const headers = { authorization: `Bearer ${value}` };
  expect((await keyed(server, 'k')('POST', boxes, { json: { name: 'a' }, headers })).status).toBe(201);
  const [row] = store.database.prepare('SELECT principal, root FROM requests').all();
  expect(row).toEqual({ principal: expect.not.stringMatching(/^api-key$/), root: 'api-key' });
});
