import { AlreadyExistsError, type Box, InvalidArgumentError, InvalidStateError, NotFoundError } from 'boxlite';
import { expect, test } from 'vitest';
import { baseImage, onBothBackends, startedBox } from './harness.ts';

const named = (): string => `volume-${crypto.randomUUID()}`;

async function sh(box: Box, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await box.run('sh', ['-c', script]);
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout;
}

onBothBackends((runtime) => {
  test('volumes are made, listed, found by id and by name, and removed', async () => {
    const name = named();
    const volume = await runtime().volumes.create(name);
    expect(volume).toMatchObject({ name, state: 'ready', lastUsedAt: undefined });
    const nameless = await runtime().volumes.create();
    expect(nameless.name).toBe(nameless.id);
    expect((await runtime().volumes.list()).map(({ id }) => id)).toEqual(
      expect.arrayContaining([volume.id, nameless.id]),
    );
    expect((await runtime().volumes.get(name))?.id).toBe(volume.id);
    expect((await runtime().volumes.get(volume.id))?.name).toBe(name);
    expect(await runtime().volumes.get('no-such-volume')).toBeNull();
    await expect(runtime().volumes.create(name)).rejects.toThrow(AlreadyExistsError);
    await expect(runtime().volumes.create('../up')).rejects.toThrow(InvalidArgumentError);
    await runtime().volumes.remove(name);
    await runtime().volumes.remove(nameless.id);
    expect(await runtime().volumes.get(volume.id)).toBeNull();
    await expect(runtime().volumes.remove(name)).rejects.toThrow(NotFoundError);
  });

  test('what one box writes to a volume the next one reads, and cannot write where it is read-only', async () => {
    const volume = await runtime().volumes.create(named());
    const volumes = [{ volume: volume.name, guestPath: '/shared' }];
    const writer = await startedBox(runtime(), { volumes });
    await sh(writer, 'echo kept > /shared/file');
    await runtime().remove(writer.id, { force: true });
    const reader = await startedBox(runtime(), {
      volumes: [{ volume: volume.id, guestPath: '/shared', readOnly: true }],
    });
    expect(await sh(reader, 'cat /shared/file')).toBe('kept\n');
    expect(await sh(reader, 'echo no > /shared/file 2>/dev/null || echo refused')).toBe('refused\n');
    expect((await runtime().volumes.get(volume.id))?.lastUsedAt).toBeInstanceOf(Date);
    await runtime().remove(reader.id, { force: true });
    await runtime().volumes.remove(volume.id);
  });

  test('a volume that a box has stays; force takes it from one that does not run', async () => {
    const volume = await runtime().volumes.create(named());
    const box = await startedBox(runtime(), { volumes: [{ volume: volume.name, guestPath: '/shared' }] });
    await expect(runtime().volumes.remove(volume.id)).rejects.toThrow(InvalidStateError);
    await expect(runtime().volumes.remove(volume.id, { force: true })).rejects.toThrow(InvalidStateError);
    await box.stop();
    await expect(runtime().volumes.remove(volume.id)).rejects.toThrow(InvalidStateError);
    await runtime().volumes.remove(volume.id, { force: true });
    await expect(box.start()).rejects.toThrow(InvalidArgumentError);
    await runtime().remove(box.id, { force: true });
  });

  test('a box with a volume that is not there is not made', async () => {
    const creation = runtime().create({ image: baseImage, volumes: [{ volume: named(), guestPath: '/shared' }] });
    await expect(creation).rejects.toThrow(InvalidArgumentError);
  });

  test('a directory in memory has its size, and is empty at every start', async () => {
    const box = await startedBox(runtime(), { tmpfs: [{ guestPath: '/scratch', sizeMib: 4 }] });
    expect(await sh(box, "df -m /scratch | tail -1 | awk '{print $2}'")).toBe('4\n');
    const flood =
      'dd if=/dev/zero of=/scratch/flood bs=1048576 count=8 2>&1 | grep -c "No space left"; rm /scratch/flood';
    expect(await sh(box, flood)).toBe('1\n');
    await sh(box, 'echo gone > /scratch/file');
    await box.stop();
    expect(await sh(box, 'ls /scratch')).toBe('');
    await runtime().remove(box.id, { force: true });
  });
});
