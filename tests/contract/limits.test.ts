import { InvalidArgumentError, OutputTruncatedError, ResourceExhaustedError, UnsupportedError } from 'boxlite';
import { expect, test } from 'vitest';
import { baseImage, onBothBackends } from './harness.ts';

onBothBackends((runtime) => {
  test('a box runs no more executions at a time than it allows, and takes the next when one has ended', async () => {
    const box = await runtime().create({ image: baseImage, autoRemove: false, maxConcurrentExecutions: 2 });
    const [first] = await Promise.all([box.exec('sleep', ['100']), box.exec('sleep', ['100'])]);
    await expect(box.run('true')).rejects.toThrow(ResourceExhaustedError);
    await expect(box.run('true')).rejects.toThrow(/runs 2 executions already/);
    await first?.kill();
    await first?.wait();
    expect((await box.run('true')).exitCode).toBe(0);
    await runtime().remove(box.id, { force: true });
  });

  test('the processes and open files of a box are limited', async () => {
    const box = await runtime().create({ image: baseImage, autoRemove: false, processes: 32, openFiles: 100 });
    const raise = 'for f in $(find /sys/fs/cgroup -name pids.max); do echo 9999 > $f; done';
    expect((await box.run('sh', ['-c', raise])).stderr).toMatch(/Read-only|denied/);
    const many = 'i=0; while [ $i -lt 40 ]; do i=$((i+1)); sleep 50 & done';
    expect((await box.run('sh', ['-c', many])).stderr).toMatch(/fork/);
    expect((await box.run('sh', ['-c', 'ulimit -n 4096 || ulimit -n'])).stdout).toBe('100\n');
    await runtime().remove(box.id, { force: true });
  });

  test('output beyond the limit of a box is dropped, and its readers are told', async () => {
    const box = await runtime().create({ image: baseImage, autoRemove: false, outputLimitBytes: 2000 });
    const execution = await box.exec('sh', ['-c', 'yes | head -c 10000; exit 3']);
    expect((await execution.wait()).exitCode).toBe(3);
    let bytes = 0;
    const read = (async () => {
      for await (const { data } of execution.output()) bytes += data.length;
    })();
    await expect(read).rejects.toThrow(OutputTruncatedError);
    expect(bytes).toBeGreaterThan(1900);
    expect(bytes).toBeLessThanOrEqual(2000);
    await runtime().remove(box.id, { force: true });
  });

  test('a limit that the configuration says cannot be had is refused by its name, any other is taken', async () => {
    const { maxCpus, maxMemoryMib, maxDiskSizeGb } = (await runtime().config()).capabilities;
    const asked = [
      { most: maxCpus, options: { cpus: 1 } },
      { most: maxMemoryMib, options: { memoryMib: 256 } },
      { most: maxDiskSizeGb, options: { diskSizeGb: 1 } },
    ];
    for (const { most, options } of asked) {
      const making = runtime().create({ image: baseImage, ...options });
      if (most > 0) {
        await runtime().remove((await making).id);
        continue;
      }
      await expect(making).rejects.toThrow(UnsupportedError);
      await expect(making).rejects.toThrow(`${Object.keys(options)[0]}: `);
    }
  });

  test('a limit out of its bounds is an InvalidArgumentError that names it', async () => {
    const wrong = [{ processes: 15 }, { openFiles: 1 }, { outputLimitBytes: 0 }, { maxConcurrentExecutions: 513 }];
    for (const options of wrong) {
      const made = runtime().create({ image: baseImage, ...options });
      await expect(made).rejects.toThrow(InvalidArgumentError);
      await expect(made).rejects.toThrow(Object.keys(options)[0] ?? '');
    }
  });
});
