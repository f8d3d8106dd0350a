import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocal } from '@boxlite/runtime';
import { createApp, listen } from '@boxlite/server';
import { ApiKeyCredential, Boxlite } from 'boxlite';
import { afterAll, beforeAll, describe } from 'vitest';
import type { DebianImage } from '../../images/debian/image.ts';
import { builtLayout } from '../images/built-layout.ts';

/** Defines the same tests for a local runtime and for one behind a server, both with the image under its own name. */
export function onBoth(image: DebianImage, define: (runtime: () => Boxlite) => void): void {
  describe.each(['Boxlite.local()', 'Boxlite.rest()'])('on %s', (which) => {
    const atEnd = new AsyncDisposableStack();
    let runtime: Boxlite | undefined;
    beforeAll(async () => {
      const layout = await builtLayout(image);
      const homeDir = await mkdtemp(join(tmpdir(), 'boxlite-convenience-'));
      atEnd.defer(() => rm(homeDir, { recursive: true, force: true }));
      const backend = await openLocal({ homeDir });
      atEnd.defer(() => backend.shutdown());
      await backend.images.import(layout, image.name);
      runtime = Boxlite.over(backend);
      if (which === 'Boxlite.local()') return;
      const app = createApp(backend, { auth: { clients: [], apiKeys: [{ id: 'test', key: 'test-key' }] } });
      const server = await listen(app, { host: '127.0.0.1', port: 0 });
      atEnd.defer(() => server.close());
      runtime = Boxlite.rest({ url: server.url, credential: new ApiKeyCredential('test-key') });
    }, 300_000);
    afterAll(() => atEnd.disposeAsync());
    define(() => {
      if (!runtime) throw new Error('the runtime is not open');
      return runtime;
    });
  });
}
