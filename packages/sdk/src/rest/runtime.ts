import type { RuntimeBackend } from '../backend/backend.ts';
import { latePart } from '../late-part.ts';
import { loaded } from '../loaded.ts';
import { once } from '../once.ts';
import { lateRest } from './late-rest.ts';
import { type BoxliteRestOptions, restSettings } from './options.ts';

/**
 * A runtime on a server. The options are checked here; what talks to the server is loaded by the first call, before which
 * nothing is sent.
 */
export function restRuntime(options: BoxliteRestOptions): RuntimeBackend {
  const settings = restSettings(options);
  const server = once(async () => (await loaded(() => import('./server.ts'))).restServer(settings));
  const tenant = once(async () => {
    const [{ restTenant }, { connection }] = await Promise.all([lateRest(), server()]);
    return restTenant(connection);
  });
  const runtime: RuntimeBackend = {
    ...latePart(async () => (await server()).boxes, 'create', 'getOrCreate', 'get', 'list', 'remove'),
    ...latePart(tenant, 'metrics', 'config', 'check', 'importBox'),
    async *events(options) {
      yield* (await tenant()).events(options);
    },
    images: latePart(async () => (await tenant()).images, 'pull', 'list', 'get', 'prune', 'remove', 'import'),
    volumes: latePart(async () => (await tenant()).volumes, 'create', 'list', 'get', 'remove'),
    account: latePart(async () => (await tenant()).account, 'me', 'createApiKey', 'listApiKeys', 'revokeApiKey'),
    tenant: (name) => (name === 'default' ? runtime : restRuntime({ ...options, pathPrefix: name })),
    // Nothing is held: what runs on the server goes on.
    async shutdown() {},
  };
  return runtime;
}
