import {
  AlreadyExistsError,
  type Box,
  type BoxInfo,
  type BoxOptions,
  type BoxStatus,
  InvalidArgumentError,
  InvalidStateError,
  type ListOptions,
  NotFoundError,
} from 'boxlite';
import { expect, expectTypeOf, test } from 'vitest';
import { rootless } from '../../packages/runtime/src/testing/home-folder.ts';
import { baseImage, onBothBackends, startedBox } from './harness.ts';

onBothBackends((runtime) => {
  test('a new box is configured, listed at once, and has what was asked for', async () => {
    const box = await runtime().create({ image: baseImage, workingDir: '/tmp', autoRemove: false }, 'asked-for');
    expect(await box.info()).toMatchObject({
      id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
      name: 'asked-for',
      status: 'configured',
      image: baseImage,
      cpus: 1,
      memoryMib: 512,
      autoRemove: false,
    });
    expect((await runtime().listInfo()).some(({ id }) => id === box.id)).toBe(true);
    await runtime().remove(box.id);
  });

  test('what a box was made with can be read back, all but its environment', async () => {
    const volume = await runtime().volumes.create('read-back');
    const asked = {
      security: 'development',
      capabilities: { add: ['NET_RAW'], drop: ['CHOWN'] },
      ...(rootless ? {} : { diskSizeGb: 2 }),
      processes: 300,
      openFiles: 200,
      outputLimitBytes: 4096,
      maxConcurrentExecutions: 7,
      workingDir: '/srv',
      user: 'nobody',
      tty: true,
      detach: true,
      tmpfs: [{ guestPath: '/scratch', sizeMib: 9 }],
      healthCheck: {
        command: ['/bin/sh', '-c', 'true'],
        intervalMs: 570,
        timeoutMs: 1500,
        retries: 2,
        startPeriodMs: 0,
      },
    } satisfies BoxOptions;
    const box = await runtime().create({
      image: baseImage,
      autoRemove: false,
      env: { TOKEN: 'a-secret' },
      volumes: [{ volume: 'read-back', guestPath: '/data' }],
      ports: [{ guestPort: 80 }],
      ...asked,
    });
    const info = await box.info();
    expect(info).toMatchObject({
      ...asked,
      volumes: [{ volume: volume.id, guestPath: '/data', readOnly: false }],
      ports: [{ guestPort: 80, hostPort: 0, protocol: 'tcp', hostIp: '127.0.0.1' }],
    });
    expect(JSON.stringify(info)).not.toContain('a-secret');
    // Whichever way it is asked for; a root file system of the host is the image.
    expect(await runtime().getInfo(box.id)).toEqual(info);
    expect((await runtime().listInfo()).find(({ id }) => id === box.id)).toEqual(info);
    expectTypeOf<Exclude<keyof BoxOptions, keyof BoxInfo>>().toEqualTypeOf<'env' | 'rootfsPath'>();
    await runtime().remove(box.id);
    await runtime().volumes.remove(volume.id);
  });

  test('a box that asks for little says the defaults that hold, and nothing of what it has not', async () => {
    const box = await runtime().create({ image: baseImage });
    const info = await box.info();
    expect(info).toMatchObject({ security: 'standard', tty: false, detach: false });
    for (const key of [
      'diskSizeGb',
      'processes',
      'openFiles',
      'capabilities',
      'volumes',
      'ports',
      'healthCheck',
    ] as const)
      expect(info[key], key).toBeUndefined();
    await runtime().remove(box.id);
  });

  test('a box is found by its name as well as by its id', async () => {
    const box = await runtime().create({ image: baseImage }, 'by-name');
    expect((await box.info()).autoRemove).toBe(true);
    expect((await runtime().get('by-name'))?.id).toBe(box.id);
    expect((await runtime().getInfo('by-name'))?.id).toBe(box.id);
    await runtime().remove('by-name');
    expect(await runtime().exists('by-name')).toBe(false);
  });

  test('starting a running box and stopping a stopped one are no errors', async () => {
    const box = await startedBox(runtime());
    const { pid } = await box.info();
    await box.start();
    expect((await box.info()).pid).toBe(pid);
    await box.stop();
    await box.stop();
    expect((await box.info()).status).toBe('stopped');
    await runtime().remove(box.id);
  });

  test('stopping a box that was never started leaves it configured', async () => {
    const box = await runtime().create({ image: baseImage, autoRemove: false });
    await box.stop();
    expect((await box.info()).status).toBe('configured');
    await runtime().remove(box.id);
  });

  test('a command starts a box that was never started', async () => {
    const box = await runtime().create({ image: baseImage, autoRemove: false });
    expect((await box.run('echo', ['up'])).stdout).toBe('up\n');
    expect((await box.info()).status).toBe('running');
    await runtime().remove(box.id, { force: true });
  });

  test('a command restarts a stopped box, which has kept its disk', async () => {
    const box = await startedBox(runtime());
    await box.run('sh', ['-c', 'echo kept > /root/note']);
    await box.stop();
    expect((await box.run('cat', ['/root/note'])).stdout).toBe('kept\n');
    await runtime().remove(box.id, { force: true });
  });

  test('a box with autoRemove is gone after its stop', async () => {
    const box = await runtime().create({ image: baseImage });
    await box.start();
    await box.stop();
    expect(await runtime().get(box.id)).toBeNull();
    await expect(box.info()).rejects.toThrow(NotFoundError);
  });

  test('autoRemove together with detach passes create and fails at start', async () => {
    const box = await runtime().create({ image: baseImage, autoRemove: true, detach: true });
    await expect(box.start()).rejects.toThrow(InvalidArgumentError);
    await runtime().remove(box.id);
  });

  test('a running box is removed only by force', async () => {
    const box = await startedBox(runtime());
    await expect(runtime().remove(box.id)).rejects.toThrow(InvalidStateError);
    expect((await box.info()).status).toBe('running');
    await runtime().remove(box.id, { force: true });
    expect(await runtime().exists(box.id)).toBe(false);
  });

  test('a configured box and a stopped one are removed without force', async () => {
    const configured = await runtime().create({ image: baseImage });
    await runtime().remove(configured.id);
    const stopped = await startedBox(runtime());
    await stopped.stop();
    await runtime().remove(stopped.id);
    expect(await runtime().exists(stopped.id)).toBe(false);
  });

  test('removing an unknown box is a NotFoundError that names it', async () => {
    const removal = runtime().remove('nobody-here');
    await expect(removal).rejects.toThrow(NotFoundError);
    await expect(removal).rejects.toThrow(/nobody-here/);
  });

  test('a name that is taken is an AlreadyExistsError that names it', async () => {
    const box = await runtime().create({ image: baseImage }, 'taken');
    const second = runtime().create({ image: baseImage }, 'taken');
    await expect(second).rejects.toThrow(AlreadyExistsError);
    await expect(second).rejects.toThrow(/taken/);
    await runtime().remove(box.id);
  });

  test('of two creates of one name at once, one wins', async () => {
    const results = await Promise.allSettled([
      runtime().create({ image: baseImage }, 'contested'),
      runtime().create({ image: baseImage }, 'contested'),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const lost = results.find((result) => result.status === 'rejected');
    expect(lost?.reason).toBeInstanceOf(AlreadyExistsError);
    await runtime().remove('contested');
  });

  test('getOrCreate makes a box once and then finds it, whatever the options', async () => {
    const first = await runtime().getOrCreate({ image: baseImage, labels: { of: 'first' } }, 'shared');
    expect(first.created).toBe(true);
    const second = await runtime().getOrCreate({ image: baseImage, labels: { of: 'second' } }, 'shared');
    expect(second.created).toBe(false);
    expect(second.box.id).toBe(first.box.id);
    expect((await second.box.info()).labels).toEqual({ of: 'first' });
    await runtime().remove('shared');
  });

  test('of many getOrCreate of one name at once, one makes the box and all get it', async () => {
    const asked = Array.from({ length: 20 }, () => runtime().getOrCreate({ image: baseImage }, 'wanted'));
    const got = await Promise.all(asked);
    expect(got.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(got.map(({ box }) => box.id)).size).toBe(1);
    await runtime().remove('wanted');
  });

  test('a getOrCreate that waits for one that fails makes the box itself', async () => {
    const bad = runtime().getOrCreate({ image: 'no.such.registry.invalid/x:1' }, 'second-try');
    const good = runtime().getOrCreate({ image: baseImage }, 'second-try');
    const [first, second] = await Promise.allSettled([bad, good]);
    // Over REST the second may arrive first: then the first finds its box.
    if (first.status === 'fulfilled') expect(first.value.created).toBe(false);
    expect(second).toMatchObject({ status: 'fulfilled', value: { created: true } });
    await runtime().remove('second-try');
  });

  test('a list can be of names with a prefix and of labels', async () => {
    const of = (name: string, tier: string): Promise<Box> =>
      runtime().create({ image: baseImage, labels: { tier, team: 'a' } }, name);
    const made = [await of('web-1', 'front'), await of('web_2', 'back'), await of('weber', 'back')];
    const names = async (options: ListOptions): Promise<unknown[]> =>
      (await runtime().listInfo(options)).map(({ name }) => name);
    expect(await names({ namePrefix: 'web', pageSize: 1 })).toEqual(['web-1', 'web_2', 'weber']);
    expect(await names({ namePrefix: 'web_' })).toEqual(['web_2']);
    expect(await names({ namePrefix: 'WEB' })).toEqual([]);
    expect(await names({ namePrefix: 'web', labels: { tier: 'back', team: 'a' } })).toEqual(['web_2', 'weber']);
    expect(await names({ namePrefix: 'web', labels: { tier: 'back', team: 'b' } })).toEqual([]);
    for (const { id } of made) await runtime().remove(id);
  });

  test('a list comes in pages, each box once', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) made.push((await runtime().create({ image: baseImage })).id);
    const seen: string[] = [];
    for await (const box of runtime().list({ pageSize: 2 })) seen.push(box.id);
    expect(seen.filter((id) => made.includes(id))).toEqual(made);
    const limited: string[] = [];
    for await (const box of runtime().list({ pageSize: 2, limit: 3 })) limited.push(box.id);
    expect(limited).toHaveLength(3);
    for (const id of made) await runtime().remove(id);
  });

  test('a list can be of one status only', async () => {
    const running = await startedBox(runtime());
    const configured = await runtime().create({ image: baseImage });
    const ids: string[] = [];
    for await (const box of runtime().list({ status: 'running' })) ids.push(box.id);
    expect(ids).toContain(running.id);
    expect(ids).not.toContain(configured.id);
    const none = runtime().listInfo({ status: 'up' as BoxStatus });
    await expect(none).rejects.toThrow(/^status must be one of configured, running, .* not "up"$/);
    await runtime().remove(running.id, { force: true });
    await runtime().remove(configured.id);
  });

  test('a box given up by `await using` is stopped', async () => {
    let id = '';
    {
      await using box = await runtime().create({ image: baseImage });
      await box.start();
      id = box.id;
    }
    expect(await runtime().exists(id)).toBe(false);
  });
});
