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
