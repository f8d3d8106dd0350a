import { expect, test } from 'vitest';
import { baseImage, openSite, until } from './harness.ts';

const limitBytes = 100_000;

test('a command that waits for its readers gets no byte ahead of them by restarts of its server', async () => {
  await using site = await openSite();
  const { id } = await site.runtime.create({ image: baseImage, autoRemove: false });
  const started = await (await site.runtime.get(id))?.exec('sh', ['-c', 'yes | head -c 3000000; exit 3'], {
    output: { policy: 'block', limitBytes },
  });
  const execution = async () => (await site.runtime.get(id))?.execution(started?.id ?? '');
  const kept = async () => (await (await execution())?.status())?.outputBytes?.stdout;
  await until('as much as is allowed', async () => (await kept()) === limitBytes);
  for (let i = 0; i < 3; i++) {
    await site.crash();
    // What the guest has for the first it sends before it answers for the second.
    await (await site.runtime.get(id))?.run('true');
    expect(await kept()).toBe(limitBytes);
  }
  let read = 0;
  for await (const { data } of (await execution())?.output() ?? []) read += data.length;
  expect(read).toBe(3_000_000);
  expect(await (await execution())?.wait()).toMatchObject({ exitCode: 3 });
});
