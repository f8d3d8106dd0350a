import { type Box, InvalidArgumentError } from 'boxlite';
import { expect, onTestFinished, test } from 'vitest';
import { baseImage, eventually, onBothBackends } from './harness.ts';

onBothBackends((runtime) => {
  const status = async (box: Box): Promise<string | undefined> => (await runtime().getInfo(box.id))?.status;

  test('a box that nothing uses stops by itself, and a command starts it again', async () => {
    const box = await runtime().create({ image: baseImage, autoRemove: false, autoStopMs: 300 });
    await box.start();
    await eventually('the box is stopped', async () => (await status(box)) === 'stopped');
    expect((await box.run('echo', ['back'])).stdout).toBe('back\n');
    expect(await box.info()).toMatchObject({ autoStopMs: 300, autoResume: true });
    await runtime().remove(box.id, { force: true });
  });

  test('a command that runs, and files on their way, keep a box from stopping by itself', async () => {
    const box = await runtime().create({ image: baseImage, autoRemove: false, autoStopMs: 200 });
    // A stop would kill the command and cut the upload off.
    const command = await box.exec('sleep', ['0.9']);
    const { exitCode, durationMs } = await command.wait();
    expect(exitCode).toBe(0);
    expect(durationMs).toBeGreaterThan(500);
    const arrived = Promise.withResolvers<void>();
    const upload = box.upload(slowTar(arrived.promise), { path: '/root' });
    setTimeout(arrived.resolve, 700);
    await upload;
    await eventually('the box is stopped', async () => (await status(box)) === 'stopped');
    await runtime().remove(box.id);
  });

  test('a box with autoDeleteMs is kept for a while after its stop, and then removed', async () => {
    const box = await runtime().create({ image: baseImage, autoDeleteMs: 2000 });
    expect(await box.info()).toMatchObject({ autoRemove: false, autoDeleteMs: 2000 });
    const leaving = new AbortController();
    onTestFinished(() => leaving.abort());
    const events = runtime().events({ box: box.id, signal: leaving.signal });
    await events.next();
    await box.start();
    expect((await box.stop({ timeoutMs: 0 })).status).toBe('stopped');
    // By its own times: who looks whether it is still there may look late.
    const times = new Map<string, number>();
    for await (const { type, at } of events) if (times.set(type, at.getTime()).has('removed')) break;
    expect((times.get('removed') ?? 0) - (times.get('stopped') ?? Infinity)).toBeGreaterThan(1900);
    expect(await status(box)).toBeUndefined();
  });

  test('a box that starts again in time is not deleted', async () => {
    const box = await runtime().create({ image: baseImage, autoDeleteMs: 3000 });
    await box.start();
    await box.stop({ timeoutMs: 0 });
    await box.start();
    const other = await runtime().create({ image: baseImage, autoDeleteMs: 3000 });
    await other.start();
    await other.stop({ timeoutMs: 0 });
    await eventually('one that was stopped later is gone', async () => (await status(other)) === undefined);
    expect(await status(box)).toBe('running');
    await runtime().remove(box.id, { force: true });
  });

  test('autoRemove and autoDeleteMs exclude each other', async () => {
    const both = runtime().create({ image: baseImage, autoRemove: true, autoDeleteMs: 1000 });
    await expect(both).rejects.toThrow(InvalidArgumentError);
  });

  test('a box tells of its main command: which execution it is, and how it ended', async () => {
    const box = await runtime().create({
      image: baseImage,
      autoRemove: false,
      entrypoint: ['sh', '-c'],
      cmd: ['echo "main says $0"; exit 5', 'hello'],
    });
    expect(await box.info()).toMatchObject({ entrypoint: ['sh', '-c'], exitCode: undefined, startedAt: undefined });
    const before = Date.now();
    const { startedAt } = await box.start();
    expect(Math.abs((startedAt?.getTime() ?? 0) - before)).toBeLessThan(10_000);
    const ended = await eventually('its exit code', async () => {
      const info = await box.info();
      return info.exitCode === undefined ? undefined : info;
    });
    expect(ended).toMatchObject({ exitCode: 5, status: 'running' });
    const main = await box.execution(ended.mainExecutionId ?? '');
    expect(await new Response(main.stdout).text()).toBe('main says hello\n');
    expect((await box.restart({ timeoutMs: 0 })).mainExecutionId).not.toBe(ended.mainExecutionId);
    await runtime().remove(box.id, { force: true });
  });

  test('a box whose main command cannot start has failed, says why, and can be removed', async () => {
    const box = await runtime().create({ image: baseImage, autoRemove: false, cmd: ['no-such-program'] });
    await expect(box.start()).rejects.toThrow(/no-such-program/);
    const info = await box.info();
    expect(info).toMatchObject({ status: 'failed', pid: undefined });
    expect(info.errorMessage).toMatch(/could not be started.*no-such-program/);
    expect((await runtime().listInfo({ status: 'failed' })).map(({ id }) => id)).toContain(box.id);
    await runtime().remove(box.id);
  });

  test('a health check tells starting, healthy and unhealthy', async () => {
    const box = await runtime().create({
      image: baseImage,
      autoRemove: false,
      healthCheck: { command: ['test', '-e', '/root/well'], intervalMs: 50, retries: 2, startPeriodMs: 60_000 },
    });
    expect((await box.info()).healthStatus).toBeUndefined();
    await box.start();
    expect((await box.info()).healthStatus).toBe('starting');
    await box.run('touch', ['/root/well']);
    const health = async (): Promise<string | undefined> => (await box.info()).healthStatus;
    await eventually('it is healthy', async () => (await health()) === 'healthy');
    expect((await runtime().listInfo()).find(({ id }) => id === box.id)?.healthStatus).toBe('healthy');
    await box.run('rm', ['/root/well']);
    await eventually('it is unhealthy', async () => (await health()) === 'unhealthy');
    await box.stop({ timeoutMs: 0 });
    expect((await box.info()).healthStatus).toBeUndefined();
    await runtime().remove(box.id);
  });

  test('health checks neither count as commands nor keep a box from stopping by itself', async () => {
    const healthCheck = { command: ['true'], intervalMs: 10 };
    const box = await runtime().create({ image: baseImage, autoRemove: false, autoStopMs: 300, healthCheck });
    await box.start();
    await eventually('the box is stopped', async () => (await status(box)) === 'stopped');
    expect((await box.metrics()).commandsExecutedTotal).toBe(0);
    await runtime().remove(box.id);
  });

  test('what cannot be a lifecycle is an InvalidArgumentError that names the field', async () => {
    const wrong = [
      [{ autoStopMs: 0 }, /autoStopMs/],
      [{ autoDeleteMs: -1 }, /autoDeleteMs/],
      [{ healthCheck: { command: [] } }, /healthCheck.command/],
      [{ healthCheck: { command: ['true'], timeoutMs: 1 } }, /healthCheck.timeoutMs/],
    ] as const;
    for (const [options, message] of wrong) {
      const made = runtime().create({ image: baseImage, ...options });
      await expect(made).rejects.toThrow(InvalidArgumentError);
      await expect(made).rejects.toThrow(message);
    }
  });
});

/** An archive of nothing whose end comes late. */
function slowTar(end: Promise<void>): ReadableStream<Uint8Array> {
  let begun = false;
  return new ReadableStream({
    async pull(controller) {
      if (!begun) {
        begun = true;
        return controller.enqueue(new Uint8Array(512));
      }
      await end;
      controller.enqueue(new Uint8Array(512));
      controller.close();
    },
  });
}
