import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlreadyExistsError, type Box, InvalidArgumentError, NotFoundError } from 'boxlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { baseImage, onBothBackends, startedBox } from './harness.ts';

const disks = [
  { name: 'a disk on the host', options: {} },
  { name: 'a disk with a size', options: { diskSizeGb: 1 } },
];
const fill =
  'mkdir /data; echo mine > /data/file; ln /data/file /data/other; chown 12:34 /data; rm /etc/passwd; echo $WHO';
const look = 'cat /data/other; stat -c "%u:%g %h" /data /data/file; test -e /etc/passwd || echo gone; echo $WHO';
const seen = 'mine\n12:34 2\n0:0 2\ngone\nme\n';

async function sh(box: Box, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await box.run('sh', ['-c', script]);
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout;
}

onBothBackends((runtime) => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'boxlite-copies-'));
  });
  afterAll(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  describe.each(disks)('$name', ({ options }) => {
    const made = { ...options, env: { WHO: 'me' }, labels: { a: 'b' } };

    test('a clone of a running box has its options and its disk, and goes its own way', async () => {
      const box = await startedBox(runtime(), made);
      await sh(box, fill);
      const copy = await box.clone({}, `copy-${crypto.randomUUID()}`);
      expect(copy.id).not.toBe(box.id);
      expect(await copy.info()).toMatchObject({ status: 'configured', labels: { a: 'b' } });
      expect(await sh(copy, look)).toBe(seen);
      await sh(copy, 'echo theirs > /data/file');
      expect(await sh(box, look)).toBe(seen);
      await runtime().remove(box.id, { force: true });
      await copy.stop();
      expect(await sh(copy, 'cat /data/file')).toBe('theirs\n');
      await runtime().remove(copy.id, { force: true });
    });

    test('an archive makes the box again, with its options and its disk', async () => {
      const box = await startedBox(runtime(), made);
      await sh(box, fill);
      const path = await box.exportTo(join(dir, `box-${options.diskSizeGb ?? 0}.boxlite`));
      await runtime().remove(box.id, { force: true });
      const again = await runtime().importBox(path, `again-${crypto.randomUUID()}`);
      expect(await again.info()).toMatchObject({ status: 'configured', labels: { a: 'b' } });
      expect(await sh(again, look)).toBe(seen);
      await runtime().remove(again.id, { force: true });
    });
  });

  test('a box that was never started is cloned and exported without a disk', async () => {
    const box = await runtime().create({ image: baseImage, labels: { a: 'b' } });
    const copy = await box.clone();
    expect((await copy.info()).labels).toEqual({ a: 'b' });
    const again = await runtime().importBox(await box.export());
    expect((await again.run('echo', ['hi'])).stdout).toBe('hi\n');
    for (const { id } of [box, copy, again]) await runtime().remove(id, { force: true });
  });

  test('what confines a box stays with a clone and an archive', async () => {
    const confined = { capabilities: { drop: ['ALL'] }, openFiles: 64 };
    const box = await runtime().create({ image: baseImage, ...confined });
    const copy = await box.clone();
    const again = await runtime().importBox(await box.export());
    for (const each of [box, copy, again]) {
      expect(await sh(each, 'ulimit -n; grep CapEff /proc/self/status')).toBe('64\nCapEff:\t0000000000000000\n');
      await runtime().remove(each.id, { force: true });
    }
  });

  test('limits of processor and memory are told, and stay with a clone and an archive', async () => {
    const limits = { cpus: 2, memoryMib: 256 };
    const box = await runtime().create({ image: baseImage, ...limits });
    const copy = await box.clone();
    const again = await runtime().importBox(await box.export());
    for (const each of [box, copy, again]) {
      expect(await each.info()).toMatchObject(limits);
      await runtime().remove(each.id, { force: true });
    }
  });

  test('a name that is taken is refused, and leaves no box', async () => {
    const name = `taken-${crypto.randomUUID()}`;
    const box = await startedBox(runtime(), {}, name);
    const count = (await runtime().listInfo()).length;
    await expect(box.clone({}, name)).rejects.toThrow(AlreadyExistsError);
    await expect(runtime().importBox(await box.export(), name)).rejects.toThrow(AlreadyExistsError);
    expect((await runtime().listInfo()).length).toBe(count);
    await runtime().remove(box.id, { force: true });
  });

  test('an archive that is cut, changed or none at all is refused, and makes no box', async () => {
    const box = await startedBox(runtime());
    await sh(box, 'dd if=/dev/urandom of=/noise bs=1000 count=1000 2>/dev/null');
    const whole = new Uint8Array(await new Response(await box.export()).arrayBuffer());
    const count = (await runtime().listInfo()).length;
    const changed = (at: number): Uint8Array<ArrayBuffer> => {
      const copy = whole.slice();
      copy[at] = (copy[at] ?? 0) ^ 1;
      return copy;
    };
    const length = whole.length;
    const ruined = [
      new Uint8Array(),
      new TextEncoder().encode('not an archive of a box'),
      whole.slice(0, 100),
      whole.slice(0, length - 1),
      whole.slice(0, length - 33),
      whole.slice(0, Math.floor(length / 2)),
      new Uint8Array([...whole.slice(-1000), ...whole.slice(0, 1000)]),
      ...[0, 16, 20, 21, 40, Math.floor(length / 3), length - 500_000, length - 100, length - 1].map(changed),
    ];
    for (const bytes of ruined) {
      const importing = runtime().importBox(new Blob([bytes]).stream());
      await expect(importing).rejects.toThrow(InvalidArgumentError);
    }
    const longer = runtime().importBox(new Blob([whole, 'more']).stream());
    await expect(longer).rejects.toThrow(InvalidArgumentError);
    expect((await runtime().listInfo()).length).toBe(count);
    await runtime().remove(box.id, { force: true });
  });

  test('an export that nobody reads to its end holds nothing back', async () => {
    const box = await startedBox(runtime());
    await sh(box, 'dd if=/dev/zero of=/zeros bs=1000000 count=20 2>/dev/null');
    const reader = (await box.export()).getReader();
    await reader.read();
    await reader.cancel();
    await box.stop();
    await runtime().remove(box.id);
    await expect(box.export()).rejects.toThrow(NotFoundError);
  });

  test('an archive of a directory lands in it under the name of the box, and a failure leaves no file', async () => {
    const name = `named-${crypto.randomUUID()}`;
    const box = await runtime().create({ image: baseImage }, name);
    expect(await box.exportTo(dir)).toBe(join(dir, `${name}.boxlite`));
    expect((await stat(join(dir, `${name}.boxlite`))).size).toBeGreaterThan(1000);
    await runtime().remove(box.id);
    await expect(box.exportTo(join(dir, 'never.boxlite'))).rejects.toThrow(NotFoundError);
    expect((await readdir(dir)).filter((one) => one.includes('never') || one.endsWith('.part'))).toEqual([]);
    await expect(runtime().importBox(join(dir, 'missing.boxlite'))).rejects.toThrow(NotFoundError);
    await expect(runtime().importBox(dir)).rejects.toThrow(InvalidArgumentError);
  });
});
