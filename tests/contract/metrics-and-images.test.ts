import { InvalidArgumentError, NetworkError, NotFoundError } from 'boxlite';
import { expect, test } from 'vitest';
import { baseImage, onBothBackends, startedBox } from './harness.ts';

onBothBackends((runtime) => {
  test('the metrics of a runtime count boxes and commands', async () => {
    const before = await runtime().metrics();
    const box = await startedBox(runtime());
    await box.run('true');
    await box.run('true');
    await box.exec('no-such-program').catch(() => {});
    const during = await runtime().metrics();
    expect(during.boxesCreatedTotal).toBe(before.boxesCreatedTotal + 1);
    expect(during.numRunningBoxes).toBe(before.numRunningBoxes + 1);
    expect(during.totalCommandsExecuted).toBe(before.totalCommandsExecuted + 2);
    expect(during.totalExecErrors).toBe(before.totalExecErrors + 1);
    await box.stop();
    const after = await runtime().metrics();
    expect(after.boxesStoppedTotal).toBe(before.boxesStoppedTotal + 1);
    expect(after.numRunningBoxes).toBe(before.numRunningBoxes);
    await runtime().remove(box.id);
  });

  test('the metrics of a box count its commands, bytes, memory and the time it took to start', async () => {
    const box = await startedBox(runtime());
    await box.run('cat', [], { stdin: 'x'.repeat(1000) });
    const metrics = await box.metrics();
    expect(metrics.commandsExecutedTotal).toBe(1);
    expect(metrics.execErrorsTotal).toBe(0);
    expect(metrics.bytesSentTotal).toBe(1000);
    expect(metrics.bytesReceivedTotal).toBe(1000);
    expect(metrics.memoryBytes).toBeGreaterThan(0);
    expect(metrics.bootTiming?.totalCreateMs).toBeGreaterThan(0);
    await runtime().remove(box.id, { force: true });
  });

  test('the share of a processor is what a busy loop was given, up to one whole', async () => {
    const box = await startedBox(runtime());
    const busy = await box.exec('sh', ['-c', 'echo $$; while :; do :; done']);
    const pid = (await busy.stdout.getReader().read()).value;
    // In hundredths of a second (proc(5)); the machine may give the loop less than it wants.
    const used = async (): Promise<number> => {
      const { stdout } = await box.run('cut', [
        '-d',
        ' ',
        '-f14,15',
        `/proc/${new TextDecoder().decode(pid).trim()}/stat`,
      ]);
      return stdout.split(' ').reduce((sum, ticks) => sum + Number(ticks), 0);
    };
    // What the loop was given, and how long that took, at the least and at the most: the rest is the commands that ask.
    const [outerBegan, outerBefore] = [performance.now(), await used()];
    await box.metrics();
    const [innerBegan, innerBefore] = [performance.now(), await used()];
    await box.run('sleep', ['0.7']);
    const [innerAfter, innerEnded] = [await used(), performance.now()];
    const { cpuPercent } = await box.metrics();
    const [outerAfter, outerEnded] = [await used(), performance.now()];
    const least = ((innerAfter - innerBefore) * 1000) / (outerEnded - outerBegan);
    const most = ((outerAfter - outerBefore) * 1000) / (innerEnded - innerBegan);
    expect(cpuPercent).toBeGreaterThan(least * 0.7);
    expect(cpuPercent).toBeLessThan(Math.max(most * 1.5, most + 25));
    expect(cpuPercent).toBeLessThan(140);
    await busy.kill();
    await runtime().remove(box.id, { force: true });
  });

  test('the metrics of a box that never ran are zero, and asking does not start it', async () => {
    const box = await runtime().create({ image: baseImage });
    expect((await box.metrics()).commandsExecutedTotal).toBe(0);
    expect((await box.info()).status).toBe('configured');
    await runtime().remove(box.id);
  });

  test('the base image is there without a pull, by reference and by digest', async () => {
    const images = await runtime().images.list();
    const base = images.find(({ reference }) => reference.includes('boxlite/base'));
    expect(base?.id).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect((await runtime().images.get(base?.id ?? ''))?.id).toBe(base?.id);
    expect(await runtime().images.exists(base?.id ?? '')).toBe(true);
    for (const name of [baseImage, 'boxlite/base', 'docker.io/boxlite/base:latest']) {
      expect((await runtime().images.get(name))?.reference).toBe('docker.io/boxlite/base:latest');
      expect(await runtime().images.exists(name)).toBe(true);
    }
    expect(await runtime().images.get('boxlite/base:other')).toBeNull();
    expect(await runtime().images.exists('boxlite/base:other')).toBe(false);
    for (const name of ['No Name', '.', '..', '%2e%2e', '../boxes', '/', '\ud800', 'a?b', 'x'.repeat(1001)]) {
      await expect(runtime().images.exists(name)).rejects.toThrow(InvalidArgumentError);
      await expect(runtime().images.remove(name)).rejects.toThrow(InvalidArgumentError);
    }
    // Words of the API are names as any other.
    for (const name of ['pull', 'prune', 'import']) {
      expect(await runtime().images.get(name)).toBeNull();
      await expect(runtime().images.remove(name)).rejects.toThrow(NotFoundError);
    }
    expect(await runtime().images.get(`sha256:${'0'.repeat(64)}`)).toBeNull();
    expect(await runtime().images.exists(`sha256:${'0'.repeat(64)}`)).toBe(false);
  });

  test('an image tells its platform, configuration and layers', async () => {
    const base = (await runtime().images.list()).find(({ reference }) => reference.includes('boxlite/base'));
    const details = await runtime().images.get(base?.id ?? '');
    expect(details?.platform).toMatch(/^linux\//);
    expect(details?.config).toMatchObject({ cmd: ['sh'], entrypoint: [], workingDir: '/', user: '', labels: {} });
    expect(details?.layers).toMatchObject([{ diffId: expect.stringMatching(/^sha256:/) }]);
    expect(details?.layers?.[0]?.unpackedBytes).toBeGreaterThan(500_000);
  });

  test('pruning leaves the base image and what boxes have, and says what it took', async () => {
    const box = await runtime().create({ image: baseImage });
    const pruned = await runtime().images.prune({ olderThanMs: 0, keep: [baseImage] });
    expect(pruned.freedBytes).toBeGreaterThanOrEqual(0);
    expect(pruned.removed.some((reference) => reference.includes('boxlite/base'))).toBe(false);
    await box.run('true');
    await runtime().remove(box.id, { force: true });
    await expect(runtime().images.prune({ olderThanMs: -1 })).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  test('a list that is aborted rejects with the reason', async () => {
    const reason = new Error('enough');
    await expect(runtime().images.list({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('a pull of the base image is answered from the store', async () => {
    const pulled = await runtime().images.pull(baseImage);
    expect(pulled.reference).toContain('boxlite/base');
  });

  test('an image of a registry that does not answer is a NetworkError that names it', async () => {
    const creation = runtime().create({ image: '127.0.0.1:9/nothing/here:1' });
    await expect(creation).rejects.toThrow(NetworkError);
    await expect(creation).rejects.toThrow(/nothing\/here/);
  });

  test('the configuration says what boxes get by default and what is possible', async () => {
    const { defaults, capabilities } = await runtime().config();
    expect(defaults.cpus).toBeGreaterThanOrEqual(1);
    expect(capabilities).toMatchObject({ ttyEnabled: true, streamingEnabled: true });
  });
});
