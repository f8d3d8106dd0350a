import { type Execution, InvalidArgumentError, NotFoundError, OutputTruncatedError } from 'boxlite';
import { expect, test } from 'vitest';
import { eventually, onBothBackends, startedBox } from './harness.ts';

const kib = 1024;

async function bytesOf(execution: Execution): Promise<number> {
  let bytes = 0;
  for await (const { data } of execution.output()) bytes += data.length;
  return bytes;
}

onBothBackends((runtime) => {
  test('an execution keeps as much output as it was allowed, and its readers are told that the rest is gone', async () => {
    const box = await startedBox(runtime());
    const output = { policy: 'truncate', limitBytes: 4 * kib } as const;
    const execution = await box.exec('sh', ['-c', 'yes | head -c 100000; exit 3'], { output });
    expect((await execution.wait()).exitCode).toBe(3);
    await expect(bytesOf(execution)).rejects.toThrow(OutputTruncatedError);
    const { outputBytes } = await execution.status();
    expect(outputBytes?.stdout).toBeLessThanOrEqual(4 * kib);
    expect(outputBytes?.stdout).toBeGreaterThan(3 * kib);
    const whole = await box.exec('sh', ['-c', 'yes | head -c 100000']);
    expect(await bytesOf(whole)).toBe(100_000);
    await runtime().remove(box.id, { force: true });
  });

  test('an execution that shall lose nothing waits for its readers', async () => {
    const box = await startedBox(runtime());
    const output = { policy: 'block', limitBytes: 64 * kib } as const;
    const execution = await box.exec('sh', ['-c', 'dd if=/dev/zero bs=64k count=128 2>/dev/null; exit 3'], { output });
    // Waiting for the end is no reading.
    const end = execution.wait();
    await eventually('output', async () => ((await execution.status()).outputBytes?.stdout ?? 0) >= 64 * kib);
    await box.run('sleep', ['0.3']);
    const { status, outputBytes } = await execution.status();
    expect(status).toBe('running');
    expect(outputBytes?.stdout).toBe(64 * kib);
    expect(await bytesOf(execution)).toBe(8 * kib * kib);
    expect(await end).toMatchObject({ exitCode: 3 });
    // What was read stays for whoever comes later.
    expect(await bytesOf(execution)).toBe(8 * kib * kib);
    await runtime().remove(box.id, { force: true });
  });

  test('an execution that waits for readers is killed all the same', async () => {
    const box = await startedBox(runtime());
    const output = { policy: 'block', limitBytes: kib } as const;
    const execution = await box.exec('yes', [], { output });
    await eventually('output', async () => ((await execution.status()).outputBytes?.stdout ?? 0) >= kib);
    await execution.kill();
    expect(await execution.wait()).toMatchObject({ exitCode: 137, signal: 'SIGKILL' });
    await runtime().remove(box.id, { force: true });
  });

  test('a limit or a policy that makes no sense is refused', async () => {
    const box = await startedBox(runtime());
    await expect(box.exec('true', [], { output: { limitBytes: 10 } })).rejects.toThrow(/output.limitBytes/);
    const policy: never = 'forget' as never;
    await expect(box.exec('true', [], { output: { policy } })).rejects.toThrow(InvalidArgumentError);
    await runtime().remove(box.id, { force: true });
  });

  test('a removed execution is killed and forgotten, and who reads it gets the rest and the end', async () => {
    const box = await startedBox(runtime());
    const execution = await box.exec('sh', ['-c', 'echo here; sleep 100']);
    let text = '';
    const reading = (async () => {
      for await (const { data } of execution.output()) text += new TextDecoder().decode(data);
    })();
    await eventually('the line', async () => text === 'here\n');
    await execution.remove();
    await reading;
    await expect(box.execution(execution.id)).rejects.toThrow(NotFoundError);
    const ended = await box.exec('true');
    await ended.wait();
    await ended.remove();
    await expect(box.execution(ended.id)).rejects.toThrow(NotFoundError);
    await runtime().remove(box.id, { force: true });
  });
});
