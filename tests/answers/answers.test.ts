import { createServer, type AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { permissions } from '@boxlite/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answersDocumented } from '../../packages/server/src/testing/answers/contract.ts';
import { records } from '../../packages/server/src/testing/answers/records.ts';
import { permissionsNamed } from '@boxlite/server';
import { specOperations } from '../tenants/operations.ts';
import { ask, type Answered } from './asked.ts';
import { withoutHost } from './host-program.ts';
import { refusals } from './refusals.ts';
import { call, isDocumented, openSite, type Variation } from './site.ts';

const image = 'boxlite/base:latest';
/** Nothing listens there. */
const noRegistry = '127.0.0.1:1/none:latest';
const tokenForm = 'grant_type=client_credentials&client_id=client&client_secret=client-secret';
const noImage = `sha256:${'0'.repeat(64)}`;

let site: Awaited<ReturnType<typeof openSite>>;
let urls: Readonly<Record<'plain' | 'busy' | 'impatient', string>>;
/** Those that take half a minute, sent at the beginning. */
let slow: Promise<readonly (readonly [operation: string, status: number])[]>;
const open: Answered[] = [];

async function answered(id: string, given: Variation = {}, url = site.url): Promise<Answered> {
  const answer = await call(url, id, given);
  if (answer.socket) open.push(answer);
  return answer;
}

/** The JSON of an answer that must have this status. */
async function got(id: string, status: number, given: Variation = {}, url = site.url): Promise<Record<string, string>> {
  const { status: found, body } = await answered(id, given, url);
  const text = body.toString();
  expect(`${id} ${found} ${found === status ? '' : text.slice(0, 300)}`).toBe(`${id} ${status} `);
  return text.startsWith('{') ? JSON.parse(text) : {};
}

/** A stream to its end. */
async function readAll(id: string, { holes = {} }: Variation): Promise<string> {
  const path = `/v1/a/boxes/${holes['box_id']}/executions/${holes['execution_id']}/output`;
  expect(id).toBe('streamExecutionOutput');
  const response = await fetch(`${site.url}${path}`, { headers: { authorization: 'Bearer owner-key' } });
  return response.text();
}

async function newBox(json: object = {}): Promise<string> {
  const made = await got('createBox', 201, { json: { image, ...json } });
  return made['box_id'] ?? '';
}

async function startedIn(box: string, json: object): Promise<string> {
  const made = await got('startExecution', 201, { holes: { box_id: box }, json });
  return made['execution_id'] ?? '';
}

beforeAll(async () => {
  site = await openSite();
  urls = {
    plain: site.url,
    busy: await site.beside({ limits: { requestsAtOnce: 0 } }),
    impatient: await site.beside({ pace: { windowMs: 300, bytes: 1000 }, inputTimeoutMs: 300 }),
  };
  await got('createVolume', 201, { json: { name: 'first' }, headers: { 'idempotency-key': 'used' } });
  await newBox({ name: 'web' });
  const late = specOperations.filter(isDocumented(408)).map(async ({ id }) => {
    const given = { holes: { box_id: 'web' }, missingBytes: 10, body: '{' };
    return [id, (await call(urls.impatient, id, given)).status] as const;
  });
  slow = Promise.all(late);
  // Until it is waited for.
  slow.catch(() => {});
}, 120_000);

afterAll(async () => {
  for (const { socket } of open) socket?.destroy();
  await site[Symbol.asyncDispose]();
}, 60_000);

describe('whatever is asked for is refused for', () => {
  test.each(refusals.filter(({ status }) => status !== 408))('$cause: $status', async (refusal) => {
    const asked = specOperations.filter(refusal.of);
    expect(asked.length).toBeGreaterThan(3);
    for (const operation of asked) {
      await got(operation.id, refusal.status, refusal.given(operation), urls[refusal.server ?? 'plain']);
    }
  });
});

test('boxes are made, changed and removed', async () => {
  const box = await newBox({ name: 'one' });
  const holes = { box_id: box };
  await got('createBox', 409, { json: { image, name: 'one' } });
  for (const [wanted, status] of [[noImage, 422], [noRegistry, 502]] as const) {
    await got('createBox', status, { json: { image: wanted } });
    await got('getOrCreateBox', status, { json: { image: wanted }, holes: { box_id: 'other' } });
  }
  await got('getOrCreateBox', 201, { json: { image }, holes: { box_id: 'two' } });
  await got('getOrCreateBox', 200, { json: { image }, holes: { box_id: 'two' } });
  for (const id of ['getConfig', 'getMe', 'getJwks', 'listBoxes', 'getRuntimeMetrics', 'streamEvents', 'listImages']) await got(id, 200);
  await got('getBox', 200, { holes });
  await got('boxExists', 204, { holes });
  await got('pauseBox', 409, { holes });
  await got('resumeBox', 409, { holes });
  await got('startBox', 200, { holes });
  await got('getBoxMetrics', 200, { holes });
  await got('listNetworkEvents', 200, { holes });
  await got('attachBox', 409, { holes });
  await got('pauseBox', 200, { holes });
  await got('resumeBox', 200, { holes });
  await got('restartBox', 200, { holes });
  await got('removeBox', 409, { holes });
  await got('stopBox', 200, { holes, json: { timeout_seconds: 0 } });
  await got('attachBox', 101, { holes });
  await got('removeBox', 204, { holes });
});

test('a port of the host that is taken, and a main command that is not there, keep a box from its start', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as AddressInfo;
  const url = await site.beside({ allowHostPorts: ['1-65535'] });
  const made = await got('createBox', 201, { json: { image, ports: [{ guest_port: 80, host_port: port }] } }, url);
  const holes = { box_id: made['box_id'] ?? '' };
  await got('startBox', 409, { holes });
  await got('restartBox', 409, { holes, json: {} });
  taken.close();
  const broken = { box_id: await newBox({ cmd: ['/nope'] }) };
  for (const id of ['startBox', 'restartBox', 'startExecution', 'execTty', 'uploadFiles', 'downloadFiles'])
    await got(id, 422, { holes: broken });
});

test('a box that starts by nobody’s use is started by nobody’s use', async () => {
  const holes = { box_id: await newBox({ auto_resume: false }) };
  await got('startBox', 200, { holes });
  const tickets = [await ticketTo(holes.box_id, 80), await ticketTo(holes.box_id, 80)];
  await got('stopBox', 200, { holes, json: { timeout_seconds: 0 } });
  await got('startExecution', 409, { holes, json: { command: 'true' } });
  await got('execTty', 409, { holes });
  await got('uploadFiles', 409, { holes });
  await got('downloadFiles', 409, { holes });
  expect((await connect(tickets[0] ?? '')).status).toBe(409);
});

test('commands are started, fed, read, signalled and forgotten', async () => {
  const box_id = await newBox();
  const holes = { box_id };
  await got('startExecution', 422, { holes, json: { command: 'nope' } });
  await got('execTty', 422, { holes, query: 'command=nope' });
  await got('execTty', 101, { holes, query: 'command=sh' });
  const sleeping = await startedIn(box_id, { command: 'sleep', args: ['600'] });
  const asleep = { holes: { box_id, execution_id: sleeping } };
  await got('getExecution', 200, asleep);
  await got('attachExecution', 101, asleep);
  await got('attachExecution', 409, asleep);
  await got('resizeExecution', 409, asleep);
  await got('sendExecutionInput', 504, { ...asleep, body: Buffer.alloc(4 * 1024 * 1024) }, urls.impatient);
  const shell = await startedIn(box_id, { command: 'cat', tty: true });
  const typed = { holes: { box_id, execution_id: shell } };
  await got('resizeExecution', 204, typed);
  await got('sendExecutionInput', 204, { ...typed, body: 'hello\n' });
  await got('streamExecutionOutput', 200, typed);
  await got('signalExecution', 204, { ...typed, json: { signal: 9 } });
  expect((await readAll('streamExecutionOutput', typed)).match(/^event: (?!stdout).*$/gm)).toEqual(['event: exit']);
  await got('signalExecution', 409, typed);
  await got('sendExecutionInput', 409, typed);
  await got('removeExecution', 204, typed);
});

test('files go in and out, and boxes are copied in every way', async () => {
  const box_id = await newBox();
  const holes = { box_id, snapshot_name: 'one' };
  const { status, body } = await answered('downloadFiles', { holes, query: 'path=/etc/hostname' });
  expect(status).toBe(200);
  await got('uploadFiles', 204, { holes, query: 'path=/tmp/', body });
  await got('createSnapshot', 201, { holes, json: { name: 'one' } });
  await got('createSnapshot', 409, { holes, json: { name: 'one' } });
  await got('listSnapshots', 200, { holes });
  await got('getSnapshot', 200, { holes });
  await got('restoreSnapshot', 409, { holes });
  await got('stopBox', 200, { holes, json: { timeout_seconds: 0 } });
  await got('restoreSnapshot', 204, { holes });
  await got('removeSnapshot', 204, { holes });
  await got('cloneBox', 201, { holes, json: { name: 'copy' } });
  await got('cloneBox', 409, { holes, json: { name: 'copy' } });
  const archive = await answered('exportBox', { holes });
  expect(archive.status).toBe(200);
  await got('importBox', 201, { query: 'name=import', body: archive.body });
  await got('importBox', 409, { query: 'name=import', body: archive.body });
});

test('keys, tokens, volumes and images come and go', async () => {
  await got('getToken', 200, { bearer: null, body: tokenForm });
  await got('getToken', 401, { bearer: null });
  await got('createApiKey', 201, { json: { name: 'build' } });
  await got('createApiKey', 409, { json: { name: 'build' } });
  await got('listApiKeys', 200);
  await got('revokeApiKey', 204, { holes: { key_name: 'build' } });
  await got('createVolume', 201, { json: { name: 'data' } });
  await got('createVolume', 409, { json: { name: 'data' } });
  await got('listVolumes', 200);
  const holes = { volume_id: 'data' };
  await got('getVolume', 200, { holes });
  const box_id = await newBox({ volumes: [{ managed_volume: 'data', guest_path: '/data' }] });
  await got('removeVolume', 409, { holes });
  await got('removeBox', 204, { holes: { box_id } });
  await got('removeVolume', 204, { holes });
  const pulled = await got('pullImage', 200, { json: { reference: image } });
  await got('pullImage', 502, { json: { reference: noRegistry } });
  await got('getImage', 200, { holes: { digest: pulled['id'] ?? '' } });
  await got('imageExists', 204, { holes: { digest: pulled['id'] ?? '' } });
  await got('pruneImages', 200);
});

async function ticketTo(box_id: string, port: number): Promise<string> {
  return (await got('openTunnel', 200, { holes: { box_id }, query: `port=${port}` }))['ticket'] ?? '';
}

async function connect(ticket: string, url = site.url): Promise<Answered> {
  const answer = await ask(url, { method: 'CONNECT', path: `${ticket}@${new URL(url).host}` });
  if (answer.socket) open.push(answer);
  return answer;
}

test('tunnels lead to a port of a box, once and no other', async () => {
  const box_id = await newBox();
  const holes = { box_id };
  const listening = ['-c', 'while true; do echo hello | nc -l -p 80; done'];
  await startedIn(box_id, { command: 'sh', args: listening });
  await expect.poll(async () => (await connect(await ticketTo(box_id, 80))).status).toBe(200);
  expect((await connect('none')).status).toBe(401);
  expect((await connect(await ticketTo(box_id, 81))).status).toBe(502);
  await got('openTunnel', 409, { holes: { box_id: await newBox({ network: 'none' }) } });
  await got('streamTunnel', 401, { holes, bearer: null });
  await got('streamTunnel', 404, { holes, bearer: null, query: `port=80&ticket=${await ticketTo(box_id, 81)}` });
  await got('streamTunnel', 101, { holes, bearer: null, query: `port=80&ticket=${await ticketTo(box_id, 80)}` });
  const broken = await ticketTo(await newBox({ cmd: ['/nope'] }), 80);
  expect((await connect(broken)).status).toBe(422);
  const idle = await newBox();
  const last = await ticketTo(idle, 80);
  await got('removeBox', 204, { holes: { box_id: idle } });
  expect((await connect(last)).status).toBe(404);
});

test('a program of the host that is killed at work: 503', { timeout: 60_000 }, async () => {
  const idle = await newBox();
  const live = await newBox();
  await got('startBox', 200, { holes: { box_id: live } });
  await got('createSnapshot', 201, { holes: { box_id: idle }, json: { name: 'one' } });
  const { body } = await answered('exportBox', { holes: { box_id: idle } });
  await got('createVolume', 201, { json: { name: 'lost' } });
  const guarded = await newBox({ security: 'maximum' });
  await got('startBox', 200, { holes: { box_id: guarded } });
  await got('pauseBox', 200, { holes: { box_id: guarded } });
  const ofIdle = { box_id: idle, snapshot_name: 'one', volume_id: 'lost' };
  const rows: readonly (readonly [string, Variation])[] = [
    ['pauseBox', { holes: { box_id: live } }],
    ['exportBox', { holes: { box_id: live } }],
    ['stopBox', { holes: { box_id: live }, json: { timeout_seconds: 0 } }],
    ['removeBox', { holes: { box_id: live }, query: 'force=true' }],
    ['resumeBox', { holes: { box_id: guarded } }],
    ['importBox', { body, query: '' }],
    ['startExecution', { json: { command: 'true' } }],
    ['createSnapshot', { json: { name: 'two' } }],
    ['cloneBox', { json: {} }],
    ...['startBox', 'restartBox', 'execTty', 'uploadFiles', 'downloadFiles', 'restoreSnapshot', 'removeSnapshot', 'removeVolume'].map(
      (id) => [id, {}] as const,
    ),
  ];
  for (const [id, given] of rows) {
    await withoutHost(site, () => got(id, 503, { holes: ofIdle, ...given }));
  }
  const ticket = await ticketTo(idle, 80);
  expect((await withoutHost(site, () => connect(ticket))).status).toBe(503);
});

test('a store that was damaged: 500', async () => {
  await using damaged = await openSite();
  const held = permissionsNamed(permissions);
  const { value } = await damaged.identity.createKey({ name: 'kept', tenants: ['a'], permissions: held, createdBy: 'test' });
  const mine = damaged.backend.tenant('a');
  const tickets: string[] = [];
  for (const name of ['gone', 'there']) {
    const { id } = await mine.create({ image }, name);
    const answer = await got('openTunnel', 200, { holes: { box_id: id }, query: 'port=80' }, damaged.url);
    tickets.push(answer['ticket'] ?? '');
  }
  await mine.remove('gone');
  await mine.remove('there');
  for (const [file, tables] of [['identity.db', ['credentials', 'signing_keys']], ['boxlite.db', ['boxes']]] as const) {
    using database = new DatabaseSync(join(damaged.homeDir, file));
    for (const table of tables) database.exec(`ALTER TABLE ${table} RENAME TO ${table}_lost`);
  }
  for (const operation of specOperations.filter(isDocumented(500))) {
    const body = operation.id === 'getToken' ? { body: tokenForm } : {};
    const query = operation.id === 'streamTunnel' ? { query: `port=80&ticket=${tickets[0]}` } : {};
    await got(operation.id, 500, { bearer: value, ...body, ...query }, damaged.url);
  }
  expect((await connect(tickets[1] ?? '', damaged.url)).status).toBe(500);
  for (const [file, tables] of [['boxlite.db', ['boxes']]] as const) {
    using database = new DatabaseSync(join(damaged.homeDir, file));
    for (const table of tables) database.exec(`ALTER TABLE ${table}_lost RENAME TO ${table}`);
  }
});

test('a tunnel beyond what its key may have under way: 429', async () => {
  const url = await site.beside({ limits: { requestsAtOnce: 1 } });
  const { ticket = '' } = await got('openTunnel', 200, { holes: { box_id: 'web' }, query: 'port=80' }, url);
  const events = await fetch(`${url}/v1/a/events`, { headers: { authorization: 'Bearer owner-key' } });
  expect((await connect(ticket, url)).status).toBe(429);
  await events.body?.cancel();
});

test('a body that does not come in time: 408', { timeout: 60_000 }, async () => {
  const found = await slow;
  expect(found).toEqual(found.map(([id]) => [id, 408]));
});

test('every answer that the contract documents was given', () => {
  expect([...answersDocumented].filter((one) => !records.seen.has(one)).toSorted()).toEqual([]);
});
