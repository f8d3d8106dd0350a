import { mkdtemp } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as rest from '@boxlite/rest';
import { openLocal } from '@boxlite/runtime';
import { createApp, listen, openServerStore } from '@boxlite/server';
import * as sdk from 'boxlite';
import * as z from 'zod';
import { removeHome } from '../../packages/runtime/src/testing/home-folder.ts';

/** Where pieces of code run as a user would run them: on a backend of each kind. */
export interface Places extends AsyncDisposable {
  /** Runs code with all that the SDK and the REST core export in scope, and a new box that runs. */
  run(where: 'local' | 'rest', code: string): Promise<void>;
}

const AsyncFunction: FunctionConstructor = Object(async () => {}).constructor;
const key = 'a-key';

/** Opens a runtime, and a server in front of it. */
export async function openPlaces(): Promise<Places> {
  const homeDir = await mkdtemp(join(tmpdir(), 'boxlite-mistakes-'));
  const backend = await openLocal({ homeDir });
  const store = openServerStore(join(homeDir, 'server.db'));
  const options = { auth: { apiKeys: [{ key }] }, store, allowHostPorts: ['0-65535'], allowHostPaths: ['/srv'] };
  const server = await listen(createApp(backend, options), { port: 0 });
  const local = sdk.Boxlite.over(backend);
  const remote = sdk.Boxlite.rest({ url: server.url, credential: new sdk.ApiKeyCredential(key) });
  const busy = createServer();
  await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
  const takenPort = Object(busy.address()).port;

  return {
    async run(where, code) {
      const runtime = where === 'local' ? local : remote;
      const box = await runtime.create({ image: 'boxlite/base:latest', autoRemove: false });
      await box.start();
      const scope = { ...rest, ...sdk, z, runtime, box, url: server.url, key, takenPort };
      try {
        const script = stripTypeScriptTypes(`async () => { ${code} }`).slice('async () => {'.length, -1);
        await AsyncFunction(...Object.keys(scope), script)(...Object.values(scope));
      } finally {
        for (const { id } of await local.listInfo()) await local.remove(id, { force: true });
        for (const { id } of await local.volumes.list()) await local.volumes.remove(id);
      }
    },
    async [Symbol.asyncDispose]() {
      busy.close();
      await server.close({ graceMs: 0 });
      await local.shutdown();
      store.close();
      await removeHome(homeDir);
    },
  };
}
