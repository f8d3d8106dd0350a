import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authorized, type Client, fetchClient, keyed, retrying, TransportError } from '@boxlite/rest';
import { openLocal } from '@boxlite/runtime';
import { createApp, listen, openIdentity, openServerStore } from '@boxlite/server';
import { Boxlite } from 'boxlite';
import { removeHome } from '../../packages/runtime/src/testing/home-folder.ts';
import { startRegistry } from '../../packages/runtime/src/testing/registry.ts';
import { pushImage, testImage } from '../../packages/runtime/src/testing/test-image.ts';
import { type CuttingProxy, cuttingProxy } from './cutting-proxy.ts';

const key = 'every-mutation';

/** A server behind a proxy that cuts, with what is on the other side of it. */
export type MutationSite = Awaited<ReturnType<typeof openMutationSite>>;

/** Opens one; `attempts` are those of its client. */
export async function openMutationSite(attempts: number) {
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
    client: clientOf(proxy, waits, attempts),
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
function clientOf({ url }: CuttingProxy, waits: number[], attempts: number): Client {
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
  const patient = retrying(bare, { attempts, totalMs: 1e9, sleep });
  return keyed(authorized(patient, () => ({ value: key })));
}
