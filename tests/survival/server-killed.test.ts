import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rootless } from '../../packages/runtime/src/testing/home-folder.ts';
import { baseImage, leftovers, openSite, readOn, until } from './harness.ts';

const count = 150;
const script = `i=0; while [ $i -lt ${count} ]; do i=$((i+1)); echo line $i; sleep 0.01; done; exit 7`;
const whole = Array.from({ length: count }, (_, i) => `line ${i + 1}\n`).join('');

test('a killed server is followed by one that goes on with its executions: each byte once, the exit, what had ended', async () => {
  await using site = await openSite();
  const box = await site.runtime.create({ image: baseImage, autoRemove: false });
  const ended = await box.exec('sh', ['-c', 'echo over; exit 3']);
  await ended.wait();
  const executions = await Promise.all([1, 2, 3].map(() => box.exec('sh', ['-c', script])));
  const seen = executions.map(() => ({ text: '', cursor: { stdout: 0, stderr: 0 } }));
  const waiter = await box.exec('cat');
  for (const lines of [10, 40]) {
    const held = await site.runtime.get(box.id);
    await Promise.all(
      seen.map(async (one, i) =>
        readOn((await held?.execution(executions[i]?.id ?? '')) ?? waiter, one, (text) =>
          text.includes(`line ${lines + i}\n`),
        ),
      ),
    );
    await site.crash();
  }
  const again = await site.runtime.get(box.id);
  expect(await again?.info()).toMatchObject({ status: 'running' });
  for (const [i, one] of seen.entries()) {
    const execution = await again?.execution(executions[i]?.id ?? '');
    if (execution) await readOn(execution, one);
    expect(one.text).toBe(whole);
    expect(await execution?.wait()).toMatchObject({ exitCode: 7 });
  }
  const before = await again?.execution(ended.id);
  expect(await before?.wait()).toMatchObject({ exitCode: 3 });
  expect(await new Response(before?.stdout).text()).toBe('over\n');
  const cat = await again?.execution(waiter.id);
  const writer = cat?.stdin.getWriter();
  await writer?.write(new TextEncoder().encode('still here'));
  await writer?.close();
  expect(await cat?.wait()).toMatchObject({ exitCode: 0 });
  expect(await new Response(cat?.stdout).text()).toBe('still here');
});

test('a server killed while it starts and stops boxes leaves nothing of them behind, and each can be used', async () => {
  await using site = await openSite();
  const boxes = await Promise.all(
    [0, 1, 2, 3].map((i) =>
      site.runtime.create({ image: baseImage, autoRemove: false, ...(i === 0 && !rootless && { diskSizeGb: 1 }) }),
    ),
  );
  const ids = boxes.map(({ id }) => id);
  const starts = boxes.map((box) => box.start().catch(() => undefined));
  await until('a container', () => ids.some((id) => existsSync(join(site.home, 'engine/runc', id))));
  await site.crash();
  await Promise.all(starts);
  const infos = await site.runtime.listInfo();
  expect(
    leftovers(
      site.home,
      infos.filter(({ status }) => status !== 'running').map(({ id }) => id),
    ),
  ).toEqual([]);
  for await (const box of site.runtime.list()) expect((await box.run('echo', ['up'])).stdout).toBe('up\n');

  const held = await Promise.all(ids.map((id) => site.runtime.get(id)));
  const stops = held.map((box) => box?.stop({ timeoutMs: 0 }).catch(() => undefined));
  await until('a box on its way down', async () =>
    (await site.runtime.listInfo()).some(({ status }) => status !== 'running'),
  );
  await site.crash();
  await Promise.all(stops);
  const after = await site.runtime.listInfo();
  expect(after.map(({ status }) => status).filter((status) => status !== 'running' && status !== 'stopped')).toEqual(
    [],
  );
  expect(
    leftovers(
      site.home,
      after.filter(({ status }) => status === 'stopped').map(({ id }) => id),
    ),
  ).toEqual([]);
  for (const { id } of after) await site.runtime.remove(id, { force: true });
  expect(leftovers(site.home, ids)).toEqual([]);
});
