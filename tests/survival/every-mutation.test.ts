import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as api from '@boxlite/api';
import {
  authorized,
  type Client,
  type Endpoint,
  fetchClient,
  ignore,
  keyed,
  retrying,
  TransportError,
} from '@boxlite/rest';
import { openLocal } from '@boxlite/runtime';
import { createApp, listen, openIdentity, openServerStore } from '@boxlite/server';
import { type Box, Boxlite, type Execution } from 'boxlite';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { removeHome } from '../../packages/runtime/src/testing/home-folder.ts';
import { startRegistry } from '../../packages/runtime/src/testing/registry.ts';
import { pushImage, testImage } from '../../packages/runtime/src/testing/test-image.ts';
import { type Cut, type CuttingProxy, cuttingProxy, retryAfterSeconds } from './cutting-proxy.ts';
import { baseImage, until } from './harness.ts';

/** Everything that may go wrong on the way, one after another; then the request passes. */
const faults: readonly Cut[] = ['before', 503, 'after', 429, 502, 'after', 504, 'half'];

const key = 'every-mutation';
let site: Awaited<ReturnType<typeof openSite>>;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.close());

async function openSite() {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-mutate-'));
  const registry = await startRegistry();
  await pushImage(registry, 'team/app', testImage([]), 'v1');
  const backend = await openLocal({ homeDir: home, imageRegistries: [{ host: registry.host, transport: 'http' }] });
  const store = openServerStore(join(home, 'server.db'));
  const identity = openIdentity(join(home, 'identity.db'));
  const clients = [{ id: 'agent', secret: 'a-secret' }];
  const app = createApp(backend, { auth: { apiKeys: [{ key }], clients, identity }, store });
  const server = await listen(app, { port: 0 });
  const proxy = await cuttingProxy(server.url);
  const waits: number[] = [];
  return {
    registry,
    proxy,
    waits,
    client: clientOf(proxy, waits),
    // What is there is looked at from the other side, where nothing is cut.
    runtime: Boxlite.over(backend),
    keys: () => identity.list('key').length,
    async close() {
      for (const { id } of await this.runtime.listInfo()) await this.runtime.remove(id, { force: true });
      await proxy[Symbol.asyncDispose]();
      await server.close({ graceMs: 0 });
      await this.runtime.shutdown();
      store.close();
      identity.close();
      await registry[Symbol.asyncDispose]();
      await removeHome(home);
    },
  };
}

/** As `Boxlite.rest` has it, but that it waits no time. */
function clientOf({ url }: CuttingProxy, waits: number[]): Client {
  const sleep = async (ms: number): Promise<void> => void waits.push(ms);
  const [tenant, instance] = [`${url}/v1/default`, `${url}/v1`].map((baseUrl) => fetchClient({ baseUrl }));
  if (!tenant || !instance) throw new Error('there are two');
  const bare: Client = {
    resolve: (endpoint) =>
      endpoint.base === 'instance' ? instance.resolve({ ...endpoint, base: 'api' }) : tenant.resolve(endpoint),
    async send(request) {
      const response = await tenant.send(request);
      if (!response.headers.get('content-type')?.startsWith('application/json')) return response;
      const body = await response.text().catch((cause) => {
        throw new TransportError('the answer broke off', { cause });
      });
      return new Response(body, response);
    },
  };
  const patient = retrying(bare, { attempts: faults.length + 1, totalMs: 1e9, sleep });
  return keyed(authorized(patient, () => ({ value: key })));
}

/** A request to repeat, and what tells how often it was done. */
interface Scenario {
  readonly endpoint: Endpoint;
  /** What is there of its effect, before and after. */
  readonly effect: () => unknown;
  readonly before: unknown;
  readonly after: unknown;
}

const boxes = async (): Promise<number> => (await site.runtime.listInfo()).length;
const make = (): Promise<Box> => site.runtime.create({ image: baseImage, autoRemove: false });
async function started(): Promise<Box> {
  const box = await make();
  await box.start();
  return box;
}
const content = async (box: Box, path: string): Promise<string> => (await box.run('cat', [path])).stdout;
const createRequest = { image: baseImage, auto_remove: false };

/** How often something became of a box while `work` was at it. */
function changes(box: Box, type: string): () => Promise<number> {
  const seen: string[] = [];
  const reading = new AbortController();
  const opened = Promise.withResolvers<void>();
  onTestFinished(() => reading.abort());
  void (async () => {
    for await (const event of site.runtime.events({ box: box.id, signal: reading.signal })) {
      if (event.type === 'open') opened.resolve();
      else seen.push(event.type);
    }
  })().catch(() => undefined);
  return async () => {
    await opened.promise;
    return seen.filter((each) => each === type).length;
  };
}

/** A command that writes a line for each signal that it gets. */
async function counting(box: Box, signal: string, options: { readonly tty?: boolean } = {}): Promise<Execution> {
  const script = `trap 'echo got >> /root/got' ${signal}; echo ready; while :; do sleep 0.02; done`;
  const execution = await box.exec('sh', ['-c', script], options);
  for await (const _ of execution.output()) break;
  return execution;
}

/** Each operation that may change something, made ready to be repeated. */
const scenarios: Readonly<Record<string, () => Promise<Scenario>>> = {
  async getToken() {
    const body = { grant_type: 'client_credentials', client_id: 'agent', client_secret: 'a-secret' } as const;
    return { endpoint: api.getToken({ body }), effect: boxes, before: await boxes(), after: await boxes() };
  },
  async createApiKey() {
    const count = site.keys();
    const endpoint = api.createApiKey({ body: { name: 'mine', permissions: ['box:read'] } });
    // Its answer holds a secret and is kept nowhere: a key that nobody heard of makes room for the next.
    return { endpoint, effect: site.keys, before: count, after: count + 1 };
  },
  async revokeApiKey() {
    await ignore(api.createApiKey({ body: { name: 'other' } })).send(site.client);
    const count = site.keys();
    return { endpoint: api.revokeApiKey({ name: 'other' }), effect: site.keys, before: count, after: count - 1 };
  },
  async createBox() {
    const count = await boxes();
    return { endpoint: api.createBox({ body: createRequest }), effect: boxes, before: count, after: count + 1 };
  },
  async getOrCreateBox() {
    const count = await boxes();
    const endpoint = api.getOrCreateBox({ box: 'named', body: createRequest });
    return { endpoint, effect: boxes, before: count, after: count + 1 };
  },
  async removeBox() {
    const box = await make();
    const count = await boxes();
    return { endpoint: api.removeBox({ box: box.id }), effect: boxes, before: count, after: count - 1 };
  },
  async startBox() {
    const box = await make();
    return { endpoint: api.startBox({ box: box.id }), effect: changes(box, 'started'), before: 0, after: 1 };
  },
  async stopBox() {
    const box = await started();
    return { endpoint: api.stopBox({ box: box.id }), effect: changes(box, 'stopped'), before: 0, after: 1 };
  },
  async restartBox() {
    const box = await started();
    return { endpoint: api.restartBox({ box: box.id }), effect: changes(box, 'started'), before: 0, after: 1 };
  },
  async pauseBox() {
    const box = await started();
    return { endpoint: api.pauseBox({ box: box.id }), effect: changes(box, 'paused'), before: 0, after: 1 };
  },
  async resumeBox() {
    const box = await started();
    await box.pause();
    return { endpoint: api.resumeBox({ box: box.id }), effect: changes(box, 'resumed'), before: 0, after: 1 };
  },
  async startExecution() {
    const box = await started();
    await box.files.write('/root/log', '');
    const body = { command: 'sh', args: ['-c', 'echo ran >> /root/log'] };
    const effect = (): Promise<string> => content(box, '/root/log');
    return { endpoint: api.startExecution({ box: box.id, body }), effect, before: '', after: 'ran\n' };
  },
  async removeExecution() {
    const box = await started();
    const { id } = await box.exec('true');
    const effect = async (): Promise<number> => (await box.executions()).filter((one) => one.id === id).length;
    return { endpoint: api.removeExecution({ box: box.id, execution: id }), effect, before: 1, after: 0 };
  },
  async sendExecutionInput() {
    const box = await started();
    const { id } = await box.exec('sh', ['-c', 'cat > /root/input']);
    const data = new TextEncoder().encode('typed\n');
    const endpoint = api.sendExecutionInput({ box: box.id, execution: id, data, close: false });
    await until('the file', async () => (await box.run('ls', ['/root'])).stdout.includes('input'));
    return { endpoint, effect: () => content(box, '/root/input'), before: '', after: 'typed\n' };
  },
  async signalExecution() {
    const box = await started();
    await box.files.write('/root/got', '');
    const { id } = await counting(box, 'USR1');
    const endpoint = api.signalExecution({ box: box.id, execution: id, body: { signal: 10 } });
    return { endpoint, effect: () => content(box, '/root/got'), before: '', after: 'got\n' };
  },
  async resizeExecution() {
    const box = await started();
    await box.files.write('/root/got', '');
    const { id } = await counting(box, 'WINCH', { tty: true });
    const endpoint = api.resizeExecution({ box: box.id, execution: id, body: { cols: 100, rows: 50 } });
    return { endpoint, effect: () => content(box, '/root/got'), before: '', after: 'got\n' };
  },
  async uploadFiles() {
    const [from, box] = [await started(), await started()];
    await from.files.write('/root/up', 'loaded');
    const tar = await new Response(await from.download({ path: '/root/up' })).bytes();
    const endpoint = api.uploadFiles({ box: box.id, path: '/root', tar });
    const effect = async (): Promise<string> => (await box.run('sh', ['-c', 'cat /root/up; true'])).stdout;
    return { endpoint, effect, before: '', after: 'loaded' };
  },
  async openTunnel() {
    const box = await started();
    return {
      endpoint: api.openTunnel({ box: box.id, port: 80 }),
      effect: boxes,
      before: await boxes(),
      after: await boxes(),
    };
  },
  async pullImage() {
    const reference = `${site.registry.host}/team/app:v1`;
    const effect = async (): Promise<number> =>
      (await site.runtime.images.list()).filter((one) => one.reference === reference).length;
    return { endpoint: api.pullImage({ body: { reference } }), effect, before: 0, after: 1 };
  },
  async pruneImages() {
    const reference = `${site.registry.host}/team/app:v1`;
    await site.runtime.images.pull(reference);
    const effect = async (): Promise<number> =>
      (await site.runtime.images.list()).filter((one) => one.reference === reference).length;
    return { endpoint: api.pruneImages({ body: { keep: [baseImage] } }), effect, before: 1, after: 0 };
  },
  async createSnapshot() {
    const box = await make();
    const effect = async (): Promise<number> => (await box.snapshots.list()).length;
    return { endpoint: api.createSnapshot({ box: box.id, body: { name: 's' } }), effect, before: 0, after: 1 };
  },
  async removeSnapshot() {
    const box = await make();
    await box.snapshots.create('s');
    const effect = async (): Promise<number> => (await box.snapshots.list()).length;
    return { endpoint: api.removeSnapshot({ box: box.id, snapshot: 's' }), effect, before: 1, after: 0 };
  },
  async restoreSnapshot() {
    const box = await started();
    await box.snapshots.create('s');
    await box.files.write('/root/later', 'later');
    await box.stop();
    const effect = async (): Promise<string> => {
      const { stdout } = await box.run('ls', ['/root']);
      await box.stop();
      return stdout;
    };
    return { endpoint: api.restoreSnapshot({ box: box.id, snapshot: 's' }), effect, before: 'later\n', after: '' };
  },
  async cloneBox() {
    const box = await make();
    const count = await boxes();
    return { endpoint: api.cloneBox({ box: box.id, body: {} }), effect: boxes, before: count, after: count + 1 };
  },
  async exportBox() {
    const box = await make();
    const count = await boxes();
    return { endpoint: api.exportBox({ box: box.id }), effect: boxes, before: count, after: count };
  },
  async importBox() {
    const box = await make();
    const archive = await new Response(await box.export()).bytes();
    const count = await boxes();
    return { endpoint: api.importBox({ archive }), effect: boxes, before: count, after: count + 1 };
  },
  async createVolume() {
    const effect = async (): Promise<number> => (await site.runtime.volumes.list()).length;
    const count = await effect();
    return { endpoint: api.createVolume({ body: {} }), effect, before: count, after: count + 1 };
  },
  async removeVolume() {
    const { id } = await site.runtime.volumes.create();
    const effect = async (): Promise<number> => (await site.runtime.volumes.list()).length;
    const count = await effect();
    return { endpoint: api.removeVolume({ volume: id }), effect, before: count, after: count - 1 };
  },
};

const mutating = api.operations.filter(({ method }) => method !== 'GET' && method !== 'HEAD');

test.each(mutating)('$operationId is done once, whatever becomes of its connection', async ({ operationId }) => {
  // An operation that has no scenario fails here: it gets one when it is added.
  const scenario = scenarios[operationId];
  if (!scenario) throw new Error(`${operationId} may change something and has no scenario in this file`);
  const { endpoint, effect, before, after } = await scenario();
  const { proxy, client, waits } = site;
  expect(await effect()).toEqual(before);
  const asked = proxy.heads.length;
  waits.length = 0;
  proxy.cuts.push(...faults);
  await ignore(endpoint).send(client);
  expect(proxy.cuts).toEqual([]);
  await until(
    `${operationId} to have its effect`,
    async () => JSON.stringify(await effect()) === JSON.stringify(after),
  );
  const keys = proxy.heads.slice(asked).map((head) => /^idempotency-key: (\S+)/im.exec(head)?.[1]);
  // An archive is given on as it comes: where half of it came, that is for its reader to tell.
  const all = faults.length + 1;
  expect(operationId === 'exportBox' ? [all - 1, all] : [all]).toContain(keys.length);
  expect(keys).toEqual(keys.map(() => expect.stringMatching(/^[0-9a-f-]{36}$/)));
  expect(new Set(keys).size).toBe(1);
  expect(waits.filter((ms) => ms === retryAfterSeconds * 1000)).toHaveLength(4);
  expect(await effect()).toEqual(after);
  for (const { id } of await site.runtime.listInfo()) await site.runtime.remove(id, { force: true });
});
