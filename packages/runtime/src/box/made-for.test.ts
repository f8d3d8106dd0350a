import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openLocal } from '../open-local.ts';
import { removeHome } from '../testing/home-folder.ts';

test('a box without a name whose maker left before it was there is removed, one with a name stays', async () => {
  const homeDir = await mkdtemp(join(tmpdir(), 'boxlite-left-'));
  onTestFinished(() => removeHome(homeDir));
  const runtime = await openLocal({ homeDir });
  onTestFinished(() => runtime.shutdown());
  const reason = new Error('enough');
  const left = async (name: string | undefined): Promise<void> => {
    const controller = new AbortController();
    const making = runtime.create({ image: 'boxlite/base:latest' }, name, {
      signal: controller.signal,
      onId: () => controller.abort(reason),
    });
    await expect(making).rejects.toBe(reason);
  };
  await left('named');
  await left(undefined);
  await expect.poll(async () => (await runtime.list()).boxes.map(({ name }) => name)).toEqual(['named']);
  expect((await runtime.metrics()).boxesCreatedTotal).toBe(2);
});

test('a box that somebody found and started before its maker left stays', async () => {
  const homeDir = await mkdtemp(join(tmpdir(), 'boxlite-left-'));
  onTestFinished(() => removeHome(homeDir));
  const runtime = await openLocal({ homeDir });
  onTestFinished(() => runtime.shutdown());
  const controller = new AbortController();
  const found = Promise.withResolvers<void>();
  const making = runtime.create({ image: 'boxlite/base:latest' }, undefined, {
    signal: controller.signal,
    onId(id) {
      // It is in the store when this function has returned: the first look comes before the maker is told.
      queueMicrotask(() => {
        controller.abort();
        void runtime
          .get(id)
          .then((box) => box?.start())
          .then(() => found.resolve(), found.reject);
      });
    },
  });
  await expect(making).rejects.toThrow();
  await found.promise;
  expect((await runtime.list()).boxes.map(({ status }) => status)).toEqual(['running']);
});
