import { InvalidStateError } from 'boxlite';
import { expect, test } from 'vitest';
import { baseImage, onBothBackends, startedBox } from './harness.ts';

onBothBackends((runtime) => {
  test('a paused box stands still and goes on where it was', async () => {
    const box = await startedBox(runtime());
    const counter = await box.exec('sh', ['-c', 'i=0; while :; do i=$((i+1)); echo $i > /tmp/count; sleep 0.01; done']);
    expect((await box.pause()).status).toBe('paused');
    expect((await box.pause()).status).toBe('paused');
    expect((await box.info()).pid).toBeGreaterThan(0);
    expect((await counter.status()).status).toBe('running');
    expect((await box.resume()).status).toBe('running');
    expect((await box.resume()).status).toBe('running');
    const first = Number((await box.run('cat', ['/tmp/count'])).stdout);
    const later = await box.run('sh', ['-c', `until [ "$(cat /tmp/count)" -gt ${first} ]; do :; done; echo more`]);
    expect(later.stdout).toBe('more\n');
    await runtime().remove(box.id, { force: true });
  });

  test('a command resumes a paused box', async () => {
    const box = await startedBox(runtime());
    await box.pause();
    expect((await box.run('echo', ['up'])).stdout).toBe('up\n');
    expect((await box.info()).status).toBe('running');
    await runtime().remove(box.id, { force: true });
  });

  test('with autoResume false a paused or stopped box is used only once it is resumed or started', async () => {
    const box = await runtime().create({ image: baseImage, autoRemove: false, autoResume: false });
    expect((await box.run('echo', ['first'])).stdout).toBe('first\n');
    await box.pause();
    await expect(box.run('true')).rejects.toThrow(InvalidStateError);
    await expect(box.run('true')).rejects.toThrow(/paused.*autoResume.*resume it/);
    await box.resume();
    expect((await box.run('echo', ['resumed'])).stdout).toBe('resumed\n');
    await box.stop();
    await expect(box.run('true')).rejects.toThrow(/stopped.*autoResume.*start it/);
    await box.start();
    expect((await box.run('echo', ['started'])).stdout).toBe('started\n');
    await runtime().remove(box.id, { force: true });
  });

  test('starting a paused box resumes it', async () => {
    const box = await startedBox(runtime());
    const { pid } = await box.pause();
    expect(await box.start()).toMatchObject({ status: 'running', pid });
    await runtime().remove(box.id, { force: true });
  });

  test('only a running box can be paused, only a paused one resumed', async () => {
    const box = await runtime().create({ image: baseImage, autoRemove: false });
    await expect(box.pause()).rejects.toThrow(InvalidStateError);
    await expect(box.resume()).rejects.toThrow(InvalidStateError);
    await box.start();
    await box.stop();
    await expect(box.pause()).rejects.toThrow(/stopped/);
    await expect(box.resume()).rejects.toThrow(/stopped.*start it/);
    await runtime().remove(box.id);
  });

  test('a paused box is stopped as a running one: its commands get to end by themselves', async () => {
    const box = await startedBox(runtime());
    const command = await box.exec('sh', [
      '-c',
      'trap "echo bye; exit 7" TERM; echo ready; while :; do sleep 0.05; done',
    ]);
    for await (const _ of command.stdout) break;
    await box.pause();
    expect((await box.stop({ timeoutMs: 20_000 })).status).toBe('stopped');
    expect((await command.wait()).exitCode).toBe(7);
    await runtime().remove(box.id);
  });

  test('a paused box is removed only by force', async () => {
    const box = await startedBox(runtime());
    await box.pause();
    await expect(runtime().remove(box.id)).rejects.toThrow(/paused.*force/);
    await runtime().remove(box.id, { force: true });
    expect(await runtime().exists(box.id)).toBe(false);
  });

  test('a restarted box keeps its disk and gets a new process, also with autoRemove', async () => {
    const box = await runtime().create({ image: baseImage });
    await box.run('sh', ['-c', 'echo kept > /root/note']);
    const before = await box.info();
    const after = await box.restart({ timeoutMs: 0 });
    expect(after.status).toBe('running');
    expect(after.pid).not.toBe(before.pid);
    expect(after.startedAt?.getTime()).toBeGreaterThan(before.startedAt?.getTime() ?? Infinity);
    expect((await box.run('cat', ['/root/note'])).stdout).toBe('kept\n');
    await runtime().remove(box.id, { force: true });
  });

  test('a list can be of the paused boxes only', async () => {
    const box = await startedBox(runtime());
    await box.pause();
    expect((await runtime().listInfo({ status: 'paused' })).map(({ id }) => id)).toContain(box.id);
    expect((await runtime().listInfo({ status: 'running' })).map(({ id }) => id)).not.toContain(box.id);
    await runtime().remove(box.id, { force: true });
  });
});
