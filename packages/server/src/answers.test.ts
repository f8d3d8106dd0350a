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
import { type TestServer, testServer } from './testing/test-server.ts';

const contract = readContract();
const { operations } = contract;

/** A path and query of an operation, after its examples, for what `tidied` leaves. */
function targetOf({ path, parameters }: ContractOperation): string {
  const query = parameters
    .filter((one) => one.in === 'query' && one.required)
    .map(({ name, example }) => `${name}=${encodeURIComponent(String(example))}`);
  const holes: Readonly<Record<string, string>> = { prefix: 'default', box_id: 'a', execution_id: 'E1' };
  const hole = (name: string): string =>
    holes[name] ?? String(parameters.find((one) => one.name === name)?.example ?? 'none');
  return `${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => hole(name))}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}

/** Asks every operation of a server, each with a body after its example unless told otherwise. */
async function askEach(
  { ask, backend }: TestServer,
  headers: Readonly<Record<string, string>> = {},
  body?: { readonly type?: string; readonly text?: string },
): Promise<void> {
  for (const operation of operations) {
    await tidied(backend, 0);
    const { method } = operation;
    const bodied = operation.body && { type: operation.body.type, text: JSON.stringify(operation.body.example) };
    const sent = bodied && { ...bodied, ...body };
    const response = await ask(method, targetOf(operation), {
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
  await askEach(testServer(quiet), { authorization: '' });
  for (const permission of permissions) {
    const scopes = permissions.filter((one) => one !== permission);
    await askEach(testServer({ ...quiet, auth: { apiKeys: [{ key: 'test-key', scopes }] } }));
  }
  await askEach(testServer({ ...quiet, auth: { apiKeys: [{ key: 'test-key', tenants: ['other'] }] } }));
  await askEach(testServer(quiet), {}, { type: 'text/csv' });
  await askEach(testServer(quiet), {}, { text: `"${'x'.repeat(2 * 1024 * 1024)}"` });
  await askEach(testServer({ ...quiet, limits: { requestsAtOnce: 0 } }));
  const reused = testServer(quiet);
  const key = { 'idempotency-key': 'one' };
  expect((await reused.ask('POST', '/v1/default/boxes', { json: { name: 'first' }, headers: key })).status).toBe(201);
  await askEach(reused, key);
  for (const error of [new EngineError('the engine is gone'), new Error('a fault')]) {
    const failing = testServer(quiet);
    failing.backend.tenant = () => {
      throw error;
    };
    await askEach(failing);
  }
}, 60_000);

test('no answer of any operation is one that the contract does not document', () => {
  expect([...answersSeen].filter((one) => !answersDocumented.has(one))).toEqual([]);
});

test('every operation is answered', () => {
  const answered = new Set([...answersSeen].map((one) => one.split(' ')[0]));
  expect(operations.map(({ operationId }) => operationId).filter((id) => !answered.has(id))).toEqual([]);
});

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
      "200: downloadFiles getImage getVolume",
      "201: importBox",
      "204: imageExists removeVolume",
      "400: listApiKeys getRuntimeMetrics createVolume listVolumes getBox boxExists execTty attachBox streamTunnel getBoxMetrics getImage imageExists listSnapshots getVolume getExecution attachExecution sendExecutionInput getSnapshot",
      "401: streamTunnel",
      "404: createBox streamTunnel",
      "408: getToken createApiKey createBox pullImage pruneImages importBox createVolume getOrCreateBox stopBox restartBox startExecution uploadFiles createSnapshot cloneBox exportBox signalExecution resizeExecution",
      "409: createApiKey createBox importBox createVolume getOrCreateBox startBox stopBox restartBox pauseBox resumeBox startExecution execTty attachBox uploadFiles downloadFiles openTunnel cloneBox exportBox removeVolume attachExecution restoreSnapshot",
      "410: streamExecutionOutput sendExecutionInput signalExecution resizeExecution",
      "413: importBox uploadFiles sendExecutionInput",
      "422: execTty downloadFiles",
      "429: getConfig getToken getJwks streamTunnel",
      "500: getConfig getToken getMe getJwks createApiKey listApiKeys createBox listBoxes getRuntimeMetrics streamEvents pullImage pruneImages listImages importBox createVolume listVolumes revokeApiKey getBox boxExists getOrCreateBox removeBox startBox stopBox restartBox pauseBox resumeBox startExecution execTty attachBox uploadFiles downloadFiles listNetworkEvents openTunnel streamTunnel getBoxMetrics getImage imageExists createSnapshot listSnapshots cloneBox exportBox getVolume removeVolume getExecution removeExecution attachExecution streamExecutionOutput sendExecutionInput signalExecution resizeExecution getSnapshot removeSnapshot restoreSnapshot",
      "502: createBox pullImage getOrCreateBox startBox pauseBox resumeBox startExecution execTty uploadFiles downloadFiles",
      "503: getConfig getToken getMe getJwks createApiKey listApiKeys createBox listBoxes getRuntimeMetrics streamEvents pullImage pruneImages listImages importBox createVolume listVolumes revokeApiKey getBox boxExists getOrCreateBox removeBox startBox stopBox restartBox pauseBox resumeBox startExecution execTty attachBox uploadFiles downloadFiles listNetworkEvents openTunnel streamTunnel getBoxMetrics getImage imageExists createSnapshot listSnapshots cloneBox exportBox getVolume removeVolume getExecution removeExecution attachExecution streamExecutionOutput sendExecutionInput signalExecution resizeExecution getSnapshot removeSnapshot restoreSnapshot",
      "504: createBox pullImage importBox getOrCreateBox removeBox startBox stopBox restartBox pauseBox resumeBox startExecution execTty uploadFiles downloadFiles createSnapshot cloneBox exportBox sendExecutionInput restoreSnapshot",
    ]
  `);
});
