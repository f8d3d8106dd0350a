import { AlreadyExistsError, type Box, InvalidArgumentError, InvalidStateError, NotFoundError } from 'boxlite';
import { describe, expect, test } from 'vitest';
import { onBothBackends, startedBox } from './harness.ts';

/** One disk shares the host's, one is an image of its own. */
const disks = [
  { name: 'a disk on the host', options: {} },
  { name: 'a disk with a size', options: { diskSizeGb: 1 } },
];

async function sh(box: Box, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await box.run('sh', ['-c', script]);
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout;
}

onBothBackends((runtime) => {
  describe.each(disks)('$name', ({ options }) => {
    test('goes back to a snapshot with files, links and holes as they were, and forward to a later one', async () => {
      const box = await startedBox(runtime(), options);
      await sh(
        box,
        `mkdir -p /data/deep; echo one > /data/file; ln -s file /data/link; chmod 4750 /data/file; chown 12:34 /data/file; touch -d '2001-02-03 04:05:06' /data/deep
         dd if=/dev/zero of=/data/hole bs=1 count=1 seek=50000000 2>/dev/null
         rm /etc/passwd; rm -r /var; mkdir /var; echo fresh > /var/fresh`,
      );
      const look = `cd /data; stat -c '%n %F %a %u:%g %h %s %Y' * | sort; sha256sum hole file; readlink link
        ls -a /var; test ! -e /etc/passwd; cat file`;
      const before = await sh(box, look);
      await box.stop();
      const first = await box.snapshots.create('first');
      expect(first).toMatchObject({ boxId: box.id, name: 'first' });
      expect(first.sizeBytes).toBeGreaterThan(0);
      expect(first.containerDiskBytes).toBeGreaterThanOrEqual(50_000_000);
      expect(first.sizeBytes).toBeLessThan(50_000_000);
      expect(Math.abs(Date.now() - first.createdAt.getTime())).toBeLessThan(60_000);

      await sh(box, 'rm -r /data /var; echo two > /etc/passwd; mkdir /data; echo new > /data/new');
      await box.stop();
      await box.snapshots.create('second');
      await box.snapshots.restore('first');
      expect((await box.info()).status).toBe('stopped');
      expect(await sh(box, look)).toBe(before);
      await box.stop();
      await box.snapshots.restore('second');
      expect(await sh(box, 'ls /data; cat /etc/passwd')).toBe('new\ntwo\n');
      await runtime().remove(box.id, { force: true });
    });

    test('goes back to a snapshot with its named pipes and hard links', async () => {
      const box = await startedBox(runtime(), options);
      await sh(box, 'mkdir /data; cd /data; echo one > file; ln file other; mkfifo pipe');
      const look = `cd /data; stat -c '%n %F %a %h %s' *; echo two > file; cat other; echo one > file`;
      const before = await sh(box, look);
      await box.stop();
      await box.snapshots.create('first');
      await sh(box, 'rm -r /data');
      await box.stop();
      await box.snapshots.restore('first');
      expect(await sh(box, look)).toBe(before);
      await runtime().remove(box.id, { force: true });
    });

    test('is copied while the box runs, whole as of one moment, and the box goes on', async () => {
      const box = await startedBox(runtime(), options);
      const put = 'for f in a b; do echo $i > /new; mv /new /$f; done';
      await box.exec('sh', ['-c', `i=0; while :; do i=$((i+1)); ${put}; done`]);
      await sh(box, 'until test -e /b; do :; done');
      await box.snapshots.create('live');
      await sh(box, 'was=$(cat /b); until test "$(cat /b)" != "$was"; do :; done');
      await box.stop({ timeoutMs: 0 });
      await box.snapshots.restore('live');
      const [a, b] = (await sh(box, 'cat /a /b')).split('\n').map(Number);
      expect(a).toBeGreaterThan(0);
      expect([a, (a ?? 0) - 1]).toContain(b);
      await runtime().remove(box.id, { force: true });
    });
  });

  test('snapshots are listed oldest first, found by name, and null when missing', async () => {
    const box = await startedBox(runtime());
    const one = await box.snapshots.create('one');
    const two = await box.snapshots.create('two');
    expect((await box.snapshots.list()).map(({ id }) => id)).toEqual([one.id, two.id]);
    expect((await box.snapshots.get('two'))?.id).toBe(two.id);
    expect(await box.snapshots.get('three')).toBeNull();
    await expect(box.snapshots.create('one')).rejects.toThrow(AlreadyExistsError);
    await box.snapshots.remove('one');
    expect(await box.snapshots.get('one')).toBeNull();
    await expect(box.snapshots.remove('one')).rejects.toThrow(NotFoundError);
    await runtime().remove(box.id, { force: true });
    await expect(box.snapshots.list()).rejects.toThrow(NotFoundError);
    await expect(box.snapshots.get('two')).rejects.toThrow(NotFoundError);
  });

  test('a running box is not put back, and a missing snapshot is not found', async () => {
    const box = await startedBox(runtime());
    await box.snapshots.create('now');
    await expect(box.snapshots.restore('now')).rejects.toThrow(InvalidStateError);
    await expect(box.snapshots.restore('never')).rejects.toThrow(NotFoundError);
    await expect(box.snapshots.create('../up')).rejects.toThrow(InvalidArgumentError);
    await runtime().remove(box.id, { force: true });
  });

  test('a snapshot of a box that never ran is its image', async () => {
    const box = await runtime().create({ image: 'boxlite/base:latest', autoRemove: false });
    await box.snapshots.create('bare');
    await sh(box, 'echo more > /root/more');
    await box.stop();
    await box.snapshots.restore('bare');
    expect((await box.run('ls', ['/root/more'])).exitCode).not.toBe(0);
    await runtime().remove(box.id, { force: true });
  });
});
