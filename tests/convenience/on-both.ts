import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocal } from '@boxlite/runtime';
import { createApp, listen } from '@boxlite/server';
import { ApiKeyCredential, Boxlite } from 'boxlite';
import { afterAll, beforeAll, describe } from 'vitest';
import type { DebianImage } from '../../images/debian/image.ts';
import { builtLayout } from '../images/built-layout.ts';

/**
 * Defines the same tests for a local runtime and for one behind a server, both over one store with the image under its
 * own name.
 */
export function onBoth(image: DebianImage, define: (runtime: () => Boxlite) => void): void {
  describe(`with ${image.name}`, () => {
    const atEnd = new AsyncDisposableStack();
    const runtimes = new Map<string, Boxlite>();
    beforeAll(async () => {
      const layout = await builtLayout(image);
      const homeDir = await mkdtemp(join(tmpdir(), 'boxlite-convenience-'));
      atEnd.defer(() => rm(homeDir, { recursive: true, force: true }));
      const backend = await openLocal({ homeDir });
      atEnd.defer(() => backend.shutdown());
      await backend.images.import(layout, image.name);
      const app = createApp(backend, { auth: { clients: [], apiKeys: [{ id: 'test', key: 'test-key' }] } });
      const server = await listen(app, { host: '127.0.0.1', port: 0 });
      atEnd.defer(() => server.close());
      runtimes.set('Boxlite.local()', Boxlite.over(backend));
      const credential = new ApiKeyCredential('test-key');
      runtimes.set('Boxlite.rest()', Boxlite.rest({ url: server.url, credential }));
    }, 300_000);
    afterAll(() => atEnd.disposeAsync());
    describe.each(['Boxlite.local()', 'Boxlite.rest()'])('on %s', (which) => {
      define(() => {
        const runtime = runtimes.get(which);
        if (!runtime) throw new Error('the runtime is not open');
        return runtime;
      });
    });
  });
}
