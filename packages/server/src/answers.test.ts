import { permissions } from '@boxlite/api';
import { EngineError } from 'boxlite/backend';
import { beforeAll, expect, test } from 'vitest';
import type { AppOptions } from './app.ts';
import { answersDocumented } from './testing/answer-contract.ts';
import { answersSeen } from './testing/checked-app.ts';
import { type ContractOperation, readContract } from './testing/fuzz/contract.ts';
import { seeded } from './testing/fuzz/random.ts';
import { generate } from './testing/fuzz/requests.ts';
import { asRequest, tidied } from './testing/fuzz/sent.ts';
import { type AskInit, type TestServer, testServer } from './testing/test-server.ts';

const contract = readContract();
const { operations } = contract;

/** A path and query of an operation, after its examples, for what `tidied` leaves. */
function targetOf({ path, parameters }: ContractOperation, prefix: string): string {
  const query = parameters
    .filter((one) => one.in === 'query' && one.required)
    .map(({ name, example }) => `${name}=${encodeURIComponent(String(example))}`);
  const holes: Readonly<Record<string, string>> = { prefix, box_id: 'a', execution_id: 'E1' };
  const hole = (name: string): string =>
    holes[name] ?? String(parameters.find((one) => one.name === name)?.example ?? 'none');
  return `${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => hole(name))}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}

interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of the content type and the body of the example. */
  readonly body?: { readonly type?: string; readonly text?: string };
  readonly tenant?: string;
}

/** Asks every operation of a server, each with a body after its example unless told otherwise. */
async function askEach({ ask, backend }: TestServer, { headers, body, tenant = 'default' }: Asked = {}): Promise<void> {
  for (const operation of operations) {
    await tidied(backend, 0);
    const { method } = operation;
    const bodied = operation.body && { type: operation.body.type, text: JSON.stringify(operation.body.example) };
    const sent = bodied && { ...bodied, ...body };
    const response = await ask(method, targetOf(operation, tenant), {
      headers: { ...(sent && { 'content-type': sent.type }), ...headers },
      ...(sent && { body: sent.text }),
    });
    await response.body?.cancel();
  }
}

const quiet: Partial<AppOptions> = { log: () => {} };

beforeAll(async () => {
  const random = seeded(1);
  const server = testServer(quiet);
  for (let round = 0; round < 40; round++) {
    for (const operation of operations) {
      await tidied(server.backend, round);
      const request = asRequest(generate(operation, contract, random));
      const response = request && (await server.app.fetch(request));
      await response?.body?.cancel();
    }
  }
  await askEach(testServer(quiet));
  await askEach(testServer(quiet), { headers: { authorization: '' } });
  for (const permission of permissions) {
    const scopes = permissions.filter((one) => one !== permission);
    await askEach(testServer({ ...quiet, auth: { apiKeys: [{ key: 'test-key', scopes }] } }));
  }
  await askEach(testServer({ ...quiet, auth: { apiKeys: [{ key: 'test-key', tenants: ['other'] }] } }), {
    tenant: 'acme',
  });
  await askEach(testServer(quiet), { body: { type: 'text/csv' } });
  await askEach(testServer(quiet), { body: { text: `"${'x'.repeat(2 * 1024 * 1024)}"` } });
  await askEach(testServer({ ...quiet, limits: { requestsAtOnce: 0 } }));
  const { ask } = testServer(quiet);
  const askOne = async (method: string, path: string, init: AskInit, status: number): Promise<void> => {
    const response = await ask(method, `/v1/default${path}`, init);
    expect([path, response.status]).toEqual([path, status]);
    await response.body?.cancel();
  };
  const reused = testServer(quiet);
  const headers = { 'idempotency-key': 'one' };
  expect((await reused.ask('POST', '/v1/default/boxes', { json: { name: 'first' }, headers })).status).toBe(201);
  await askEach(reused, { headers });
  await askOne('POST', '/volumes', { json: { name: 'data' } }, 201);
  await askOne('POST', '/volumes', { json: { name: 'data' } }, 409);
  await askOne('GET', '/volumes/data', {}, 200);
  await askOne('DELETE', '/volumes/data', {}, 204);
  await askOne('POST', '/boxes', { json: { name: 'a' } }, 201);
  await askOne('POST', '/boxes', { json: { name: 'a' } }, 409);
  await askOne('GET', '/boxes/a/files?path=/bytes/10', {}, 200);
  await askOne('POST', '/api-keys', { json: { name: 'k' } }, 201);
  await askOne('POST', '/api-keys', { json: { name: 'k' } }, 409);
  await askOne('PUT', '/boxes/new', { json: {} }, 201);
  await askOne('POST', '/images/pull', { json: { reference: 'alpine:latest' } }, 200);
  const digest = `sha256:${'1'.padStart(64, '0')}`;
  await askOne('GET', `/images/${digest}`, {}, 200);
  await askOne('HEAD', `/images/${digest}`, {}, 204);
  const archive = { body: 'archive of a', headers: { 'content-type': 'application/octet-stream' } };
  await askOne('POST', '/boxes/import', archive, 201);
  const octets = { 'content-type': 'application/octet-stream' };
  const file = '/boxes/a/files/content?path=/f';
  await askOne('PUT', file, { body: 'text', headers: octets }, 204);
  await askOne('PUT', `${file}&overwrite=false`, { body: 'text', headers: octets }, 409);
  await askOne('GET', file, {}, 200);
  await askOne('GET', file, { headers: { range: 'bytes=1-' } }, 206);
  await askOne('GET', file, { headers: { range: 'bytes=9-' } }, 416);
  await askOne('GET', '/boxes/a/files/entry?path=/f', {}, 200);
  await askOne('DELETE', '/boxes/a/files/entry?path=/f', {}, 204);
  await askOne('PUT', '/boxes/a/files/directory?path=/d', {}, 204);
  await askOne('GET', '/boxes/a/files/entries?path=/d', {}, 200);
  for (const [code, status] of [
    ['image_failed', 422],
    ['invalid_state', 409],
    ['network_failed', 502],
    ['timeout', 504],
  ] as const) {
    await askOne('GET', `/boxes/a/files/content?path=/fails/${code}`, {}, status);
    await askOne('PUT', `/boxes/a/files/content?path=/fails/${code}`, { body: 'x', headers: octets }, status);
    await askOne('GET', `/boxes/a/files/entries?path=/fails/${code}`, {}, status);
    await askOne('GET', `/boxes/a/files/entry?path=/fails/${code}`, {}, status);
    await askOne('DELETE', `/boxes/a/files/entry?path=/fails/${code}`, {}, status);
    await askOne('PUT', `/boxes/a/files/directory?path=/fails/${code}`, {}, status);
  }
  const tar = { 'content-type': 'application/x-tar' };
  await askOne('POST', '/images/import?reference=used', { body: 'image', headers: tar }, 200);
  await askOne('POST', '/images/import?reference=used', { body: 'no image', headers: tar }, 422);
  await askOne('DELETE', '/images/used', {}, 409);
  await askOne('DELETE', `/images/${digest}`, {}, 204);
  const small = testServer({ ...quiet, pace: { windowMs: 20, bytes: 256 } });
  await small.backend.create({}, 'a');
  for (const [method, path, headers] of [
    ['PUT', '/v1/default/boxes/a/files/content?path=/f', octets],
    ['POST', '/v1/default/images/import?reference=x', tar],
  ] as const) {
    const never = new ReadableStream<Uint8Array>({ start: (into) => into.enqueue(Buffer.from('x')) });
    expect((await small.ask(method, path, { body: never, headers })).status).toBe(408);
  }
  small.backend.fileTransferMaxBytes = 1;
  small.backend.boxes[0]?.files.contents.set('/f', Buffer.from('more'));
  expect((await small.ask('GET', '/v1/default/boxes/a/files/content?path=/f')).status).toBe(413);
  for (const error of [new EngineError('the engine is gone'), new Error('a fault')]) {
    const failing = testServer(quiet);
    failing.backend.tenant = () => {
      throw error;
    };
    await askEach(failing, { tenant: 'acme' });
  }
}, 60_000);

test('no answer of any operation is one that the contract does not document', () => {
  expect([...answersSeen].filter((one) => !answersDocumented.has(one))).toEqual([]);
});

test('every operation is answered', () => {
  const answered = new Set([...answersSeen].map((one) => one.split(' ')[0]));
  expect(operations.map(({ operationId }) => operationId).filter((id) => !answered.has(id))).toEqual([]);
});

// Most of these the tests beside each route see; what is in none of their reach is a registry that fails, and time.
test('the documented answers that are not seen here are these', () => {
  const unseen = new Map<string, string[]>();
  for (const one of [...answersDocumented].filter((answer) => !answersSeen.has(answer))) {
    const [operation = '', status = ''] = one.split(' ');
    unseen.set(status, [...(unseen.get(status) ?? []), operation]);
  }
  const lines = [...unseen].toSorted().map(([status, ids]) => `${status}: ${ids.join(' ')}`);
  expect(lines).toMatchInlineSnapshot(`
    [
      "101: execTty attachBox streamTunnel attachExecution",
      "400: listApiKeys getRuntimeMetrics createVolume listVolumes getBox boxExists execTty attachBox streamTunnel getBoxMetrics getImage imageExists listSnapshots getVolume getExecution attachExecution sendExecutionInput getSnapshot",
      "401: streamTunnel",
      "404: streamTunnel",
      "408: getToken createApiKey createBox pullImage pruneImages importBox createVolume getOrCreateBox stopBox restartBox startExecution uploadFiles createSnapshot cloneBox exportBox signalExecution resizeExecution",
      "409: importBox getOrCreateBox startBox stopBox restartBox pauseBox resumeBox startExecution execTty attachBox uploadFiles downloadFiles openTunnel cloneBox exportBox removeVolume attachExecution restoreSnapshot",
      "410: streamExecutionOutput sendExecutionInput signalExecution resizeExecution",
      "413: importBox uploadFiles sendExecutionInput",
      "422: execTty downloadFiles",
      "429: getConfig getToken getJwks streamTunnel",
      "500: getConfig getToken getMe getJwks streamTunnel",
      "502: createBox pullImage getOrCreateBox startBox pauseBox resumeBox startExecution execTty uploadFiles downloadFiles",
      "503: getConfig getToken getMe getJwks streamTunnel",
      "504: createBox pullImage importBox getOrCreateBox removeBox startBox stopBox restartBox pauseBox resumeBox startExecution execTty uploadFiles downloadFiles createSnapshot cloneBox exportBox sendExecutionInput restoreSnapshot",
    ]
  `);
});
