import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Boxlite, StoppedError } from 'boxlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeHome } from '../testing/home-folder.ts';

let homeDir: string;
beforeEach(async () => {
  homeDir = await mkdtemp(join(tmpdir(), 'boxlite-making-'));
});
afterEach(() => removeHome(homeDir));

test.each([undefined, 'named'])(
  'a box (%s) that is made while its runtime is shut down is there, or that is said',
  async (name) => {
    const runtime = await Boxlite.local({ homeDir });
    const made = runtime.create({ image: 'boxlite/base:latest' }, name).then(
      () => 'made',
      (error: unknown) => error,
    );
    await runtime.shutdown();
    const outcome = await made;
    if (outcome !== 'made') expect(outcome).toBeInstanceOf(StoppedError);
    await using next = await Boxlite.local({ homeDir });
    expect(await next.listInfo()).toHaveLength(outcome === 'made' ? 1 : 0);
  },
);

test('a shutdown waits for an archive that never comes to its end no longer than it is told to', async () => {
  const runtime = await Boxlite.local({ homeDir });
  runtime.importBox(new ReadableStream<Uint8Array>()).catch(() => undefined);
  const began = performance.now();
  await runtime.shutdown({ timeoutMs: 200 });
  expect(performance.now() - began).toBeLessThan(5000);
  await using next = await Boxlite.local({ homeDir });
  expect(await next.listInfo()).toEqual([]);
});

test.each([undefined, 'named'])('a shutdown does not wait for the image of a box (%s) that is made', async (name) => {
  // It takes a request, and never answers.
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const host = `127.0.0.1:${address.port}`;
  const runtime = await Boxlite.local({ homeDir, imageRegistries: [{ host, transport: 'http' }] });
  const asked = once(server, 'connection');
  const made = runtime.create({ image: `${host}/never:1` }, name).catch((error: unknown) => error);
  const [socket] = await asked;
  await runtime.shutdown();
  expect(await made).toBeInstanceOf(StoppedError);
  socket.destroy();
  server.close();
});
