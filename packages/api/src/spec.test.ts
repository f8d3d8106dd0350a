import { readFileSync } from 'node:fs';
import type { Endpoint } from '@boxlite/rest';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as api from './index.ts';

interface Ref {
  readonly $ref?: string;
}
interface Parameter extends Ref {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly example?: unknown;
}
interface Response extends Ref {
  readonly headers?: Readonly<Record<string, unknown>>;
}
interface SpecOperation {
  readonly operationId: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, Response>>;
}
interface PathItem extends Partial<Record<'get' | 'head' | 'post' | 'put' | 'delete', SpecOperation>> {
  readonly parameters?: readonly Parameter[];
}
interface Spec {
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const source = readFileSync(new URL('../../../spec/openapi.yaml', import.meta.url), 'utf8');
const spec: Spec = parse(source);

function resolve<T extends Ref>(value: T): T {
  if (value.$ref === undefined) return value;
  const found: unknown = value.$ref
    .slice(2)
    .split('/')
    .reduce<unknown>((node, key) => Object(node)[key], spec);
  if (found === undefined) throw new Error(`dangling ${value.$ref}`);
  return Object(found);
}

const methods = ['get', 'head', 'post', 'put', 'delete'] as const;
const specOperations = Object.entries(spec.paths).flatMap(([path, item]) =>
  methods.flatMap((method) => {
    const operation = item[method];
    if (!operation) return [];
    const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolve);
    return [{ path, method: method.toUpperCase(), operation, parameters }];
  }),
);

const box = '01KGYZ3V5N8Q2R4T6W8X0A1B2C';
const execution = '01KGYZ40M3C7E9G1J3M5P7R9S1';
const volume = '01KGYZ5T2W4Y6A8C0E2G4J6M8P';
const digest = 'sha256:4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1';

// Every endpoint with every option that it has.
const fullest: Readonly<Record<api.OperationId, Endpoint>> = {
  getConfig: api.getConfig(),
  getToken: api.getToken({
    body: { grant_type: 'client_credentials', client_id: 'a', client_secret: 'b', scope: 'c' },
  }),
  getMe: api.getMe(),
  getJwks: api.getJwks(),
  createApiKey: api.createApiKey({ body: { name: 'build' } }),
  listApiKeys: api.listApiKeys(),
  revokeApiKey: api.revokeApiKey({ name: 'build' }),
  createBox: api.createBox({ body: {} }),
  listBoxes: api.listBoxes({ pageSize: 2, pageToken: 't', status: 'running', label: ['a=b'], namePrefix: 'a' }),
  getBox: api.getBox({ box }),
  getOrCreateBox: api.getOrCreateBox({ box, body: {} }),
  boxExists: api.boxExists({ box }),
  removeBox: api.removeBox({ box, force: true }),
  startBox: api.startBox({ box }),
  stopBox: api.stopBox({ box, body: {} }),
  restartBox: api.restartBox({ box, body: {} }),
  pauseBox: api.pauseBox({ box }),
  resumeBox: api.resumeBox({ box }),
  startExecution: api.startExecution({ box, body: { command: 'true' }, output: true, bytes: true, closeStdin: true }),
  execTty: api.execTty({ box, command: 'sh', args: ['-l'], cols: 1, rows: 1 }),
  attachBox: api.attachBox({ box }),
  listExecutions: api.listExecutions({ box, pageSize: 2, pageToken: 't' }),
  getExecution: api.getExecution({ box, execution }),
  removeExecution: api.removeExecution({ box, execution }),
  attachExecution: api.attachExecution({ box, execution }),
  streamExecutionOutput: api.streamExecutionOutput({ box, execution, lastEventId: '6.0', bytes: true }),
  sendExecutionInput: api.sendExecutionInput({ box, execution, data: new Uint8Array(), close: true }),
  signalExecution: api.signalExecution({ box, execution, body: { signal: 15 } }),
  resizeExecution: api.resizeExecution({ box, execution, body: { cols: 1, rows: 1 } }),
  uploadFiles: api.uploadFiles({ box, path: '/a', overwrite: false, tar: new Uint8Array() }),
  downloadFiles: api.downloadFiles({ box, path: '/a', follow_symlinks: true }),
  readFile: api.readFile({ box, path: '/a', range: { start: 1, end: 2 } }),
  writeFile: api.writeFile({ box, path: '/a', mode: 0o755, overwrite: false, content: new Uint8Array() }),
  listDirectory: api.listDirectory({ box, path: '/a' }),
  statFile: api.statFile({ box, path: '/a', follow_symlinks: true }),
  removeFile: api.removeFile({ box, path: '/a', recursive: true }),
  makeDirectory: api.makeDirectory({ box, path: '/a', parents: true, mode: 0o700 }),
  listNetworkEvents: api.listNetworkEvents({ box, after: 3 }),
  openTunnel: api.openTunnel({ box, port: 80 }),
  streamTunnel: api.streamTunnel({ box, port: 80, ticket: 't' }),
  getRuntimeMetrics: api.getRuntimeMetrics(),
  streamEvents: api.streamEvents({ box, lastEventId: '1f.3' }),
  getBoxMetrics: api.getBoxMetrics({ box }),
  pullImage: api.pullImage({ body: { reference: 'alpine' } }),
  listImages: api.listImages({ pageSize: 2, pageToken: 't' }),
  getImage: api.getImage({ digest }),
  imageExists: api.imageExists({ digest }),
  removeImage: api.removeImage({ image: digest }),
  importImage: api.importImage({ reference: 'tools', archive: new Uint8Array() }),
  pruneImages: api.pruneImages({ body: {} }),
  createSnapshot: api.createSnapshot({ box, body: { name: 'before-upgrade' } }),
  listSnapshots: api.listSnapshots({ box }),
  getSnapshot: api.getSnapshot({ box, snapshot: 'before-upgrade' }),
  removeSnapshot: api.removeSnapshot({ box, snapshot: 'before-upgrade' }),
  restoreSnapshot: api.restoreSnapshot({ box, snapshot: 'before-upgrade' }),
  cloneBox: api.cloneBox({ box, body: {} }),
  exportBox: api.exportBox({ box }),
  importBox: api.importBox({ name: 'copy', archive: new Uint8Array() }),
  createVolume: api.createVolume({ body: {} }),
  listVolumes: api.listVolumes(),
  getVolume: api.getVolume({ volume }),
  removeVolume: api.removeVolume({ volume, force: true }),
};

test('has the same operations in the table and in the spec', () => {
  expect(specOperations.map(({ operation }) => operation.operationId).toSorted()).toEqual(
    api.operations.map(({ operationId }) => operationId).toSorted(),
  );
});

test('has no endpoint function without an operation', () => {
  const functions = Object.entries(api).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
  const operations = api.operations.map(({ operationId }): string => operationId);
  // Beside them, only what reads with a schema.
  expect(functions.toSorted()).toEqual([...operations, 'read'].toSorted());
});

describe.each(api.operations)('$operationId', (entry) => {
  const found = specOperations.find(({ operation }) => operation.operationId === entry.operationId);
  if (!found) throw new Error(`not in the spec: ${entry.operationId}`);
  const { operation, parameters } = found;
  const endpoint = fullest[entry.operationId];
  const named = (where: Parameter['in']): string[] =>
    parameters.flatMap((parameter) => (parameter.in === where ? [parameter.name] : [])).toSorted();

  test('has the method and path of the spec', () => {
    expect({ method: entry.method, path: entry.path }).toEqual({ method: found.method, path: found.path });
    expect(endpoint.method).toBe(found.method);
    const base = { origin: '', instance: '/v1', api: '/v1/default' }[endpoint.base ?? 'api'];
    const filled = found.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const example = parameters.find((parameter) => parameter.in === 'path' && parameter.name === name)?.example;
      if (typeof example !== 'string') throw new Error(`no example for ${name}`);
      return encodeURIComponent(example);
    });
    expect(base + endpoint.path).toBe(filled);
  });

  test('has the query and header parameters of the spec', () => {
    expect(Object.keys(endpoint.params ?? {}).toSorted()).toEqual(named('query'));
    // OpenAPI describes Accept by the responses' content types.
    const headers = Object.keys(endpoint.headers ?? {}).filter((name) => name !== 'accept');
    const keyed =
      endpoint.method === 'GET' || endpoint.method === 'HEAD' || !entry.credential ? [] : ['idempotency-key'];
    // A key goes with any endpoint that changes something: `idempotent` and `keyed` of the core add it.
    expect([...headers, ...keyed].toSorted()).toEqual(
      named('header')
        .map((name) => name.toLowerCase())
        .toSorted(),
    );
  });

  test('asks for the content type that the spec answers with, where it asks', () => {
    const accept = endpoint.headers?.['accept'];
    if (accept === undefined) return;
    const types = Object.keys(Object(operation.responses[entry.successStatus]).content);
    expect(types.toSorted()).toEqual(accept.split(', ').toSorted());
  });

  test('has the body of the spec', () => {
    expect(endpoint.body ? [endpoint.body.type] : []).toEqual(Object.keys(operation.requestBody?.content ?? {}));
  });

  test('has the scope and the success status of the spec', () => {
    const scopes = operation.security?.map((one) => Object.values(one).flat());
    const needed = [entry.scope, entry.permission].map((name) => (name === null ? [] : [name]));
    expect(scopes).toEqual(entry.credential ? needed : []);
    const successes = Object.keys(operation.responses).filter((status) => Number(status) < 300);
    const two: Readonly<Record<string, readonly string[]>> = {
      getOrCreateBox: ['200', '201'],
      readFile: ['200', '206'],
    };
    expect(successes).toEqual(two[entry.operationId] ?? [`${entry.successStatus}`]);
  });

  test('answers every status with a request id, 401 with a challenge and 429 with a time to wait', () => {
    for (const [status, response] of Object.entries(operation.responses)) {
      const headers = Object.keys(resolve(response).headers ?? {});
      expect(headers).toContain('X-Request-Id');
      expect(headers.includes('Retry-After')).toBe(status === '429');
      expect(headers.includes('WWW-Authenticate')).toBe(status === '401' || status === '403');
      expect(headers.includes('Location')).toBe(status === '201');
    }
  });

  test('documents what any tenant-scoped call may answer', () => {
    const scoped = entry.scope === null ? [] : ['403', '404'];
    const common = ['400', ...(entry.credential ? ['401', '429', '500'] : []), ...scoped];
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(common));
    expect('404' in operation.responses).toBe(entry.path.includes('{prefix}'));
  });
});

test('uses every component of the spec, and refers to none that is missing', () => {
  const used = new Set(source.match(/#\/components\/[\w/-]+/g));
  for (const $ref of used) resolve({ $ref });
  for (const [kind, components] of Object.entries(spec.components)) {
    if (kind === 'securitySchemes') continue;
    for (const name of Object.keys(components)) expect(used).toContain(`#/components/${kind}/${name}`);
  }
});

test('says of every operation that takes a key that another request with it is 422, and how a second answer is marked', () => {
  for (const { operation, parameters } of specOperations) {
    if (!parameters.some(({ name }) => name === 'Idempotency-Key')) continue;
    expect(Object.keys(operation.responses)).toContain('422');
    for (const [status, response] of Object.entries(operation.responses)) {
      if (Number(status) < 300) expect(Object.keys(response.headers ?? {})).toContain('Idempotent-Replay');
    }
  }
});

test('knows the same scopes as the spec', () => {
  const { oauth2 } = Object(spec.components['securitySchemes']);
  expect(Object.keys(oauth2.flows.clientCredentials.scopes)).toEqual(api.scopes);
});
