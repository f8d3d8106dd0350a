import type { Box } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onBothBackends, startedBox } from './harness.ts';

onBothBackends((runtime) => {
  let box: Box;
  beforeAll(async () => {
    box = await startedBox(runtime());
  });
  afterAll(async () => {
    await runtime().remove(box.id, { force: true });
  });

  test('a box lists its executions, oldest first, with how each ended', async () => {
    expect(await box.executions()).toEqual([]);
    await box.run('sh', ['-c', 'echo hello; exit 3']);
    const busy = await box.exec('sleep', ['60']);
    const [first, second, ...more] = await box.executions();
    expect(more).toEqual([]);
    expect(first).toMatchObject({ command: ['sh', '-c', 'echo hello; exit 3'], status: 'completed', exitCode: 3 });
    expect(second).toMatchObject({ id: busy.id, command: ['sleep', '60'], status: 'running', exitCode: undefined });
    expect((await busy.status()).command).toEqual(['sleep', '60']);
    await busy.kill();
    await busy.wait();
    expect((await box.executions()).map(({ status }) => status)).toEqual(['completed', 'killed']);
    expect((await (await box.execution(first?.id ?? '')).wait()).exitCode).toBe(3);
  });

  test('more executions than a page holds are all listed', async () => {
    const before = (await box.executions()).length;
    for (let i = 0; i < 40; i++) await box.run('true');
    const ids = (await box.executions()).map(({ id }) => id);
    expect(ids).toHaveLength(before + 40);
    expect(ids.toSorted()).toEqual(ids);
  });
});
