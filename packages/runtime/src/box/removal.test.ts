import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Boxlite } from 'boxlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeHome } from '../testing/home-folder.ts';

const image = 'boxlite/base:latest';
let homeDir: string;
beforeEach(async () => {
  homeDir = await mkdtemp(join(tmpdir(), 'boxlite-removal-'));
});
afterEach(() => removeHome(homeDir));

test('a runtime that is shut down while boxes are removed ends as if they were gone already', async () => {
  const runtime = await Boxlite.local({ homeDir });
  const made = [
    ...[{ detach: true, autoRemove: false }, { detach: false }, { detach: true, autoRemove: false }].map((options) =>
      runtime.create({ image, ...options }),
    ),
  ];
  const boxes = await Promise.all(made);
  await Promise.all(boxes.map((box) => box.start()));
  const removals = boxes.map(({ id }) => runtime.remove(id, { force: true }));
  await runtime.shutdown();
  expect(await Promise.all(removals)).toEqual([undefined, undefined, undefined]);
});

test('what was to be deleted while no runtime was open is gone when the next one is', async () => {
  {
    await using runtime = await Boxlite.local({ homeDir });
    const [gone, kept] = [
      await runtime.create({ image, autoDeleteMs: 200 }, 'gone'),
      await runtime.create({ image, autoDeleteMs: 600_000 }, 'kept'),
    ];
    for (const box of [gone, kept]) await box.run('true');
    // Ended with the runtime, in whose time nothing is due.
  }
  const due = Date.now() + 200;
  while (Date.now() <= due) await delay(20);
  await using runtime = await Boxlite.local({ homeDir });
  expect((await runtime.listInfo()).map(({ name }) => name)).toEqual(['kept']);
});
