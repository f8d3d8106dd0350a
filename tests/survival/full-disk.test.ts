import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocal } from '@boxlite/runtime';
import { createApp, listen, openServerStore } from '@boxlite/server';
import { ApiKeyCredential, Boxlite, StorageError } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from './harness.ts';

const image = 'boxlite/base:latest';
let disk: string;

beforeAll(() => {
  disk = mkdtempSync(join(tmpdir(), 'boxlite-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'boxlite-full', disk]);
});
afterAll(() => {
  execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});

function fill(): void {
  const file = openSync(join(disk, 'fill'), 'a');
  for (const size of [65_536, 1]) {
    try {
      for (const bytes = Buffer.alloc(size); ; ) writeSync(file, bytes);
    } catch {
      // Full.
    }
  }
  closeSync(file);
}

test('no copy of a disk is made half on a full disk, and the box goes on', async () => {
  await using runtime = await Boxlite.local({ homeDir: join(disk, 'copies') });
  for (const options of [{}, { diskSizeGb: 1 }]) {
    const box = await runtime.create({ image, autoRemove: false, ...options });
    await box.run('sh', ['-c', 'head -c 8000000 /dev/urandom > /data; sync']);
    fill();
    truncateSync(join(disk, 'fill'), statSync(join(disk, 'fill')).size - 4_000_000);
    for (const copy of [() => box.snapshots.create('a'), () => box.clone(), () => box.export()]) {
      await expect(copy()).rejects.toMatchObject({ code: 'resource_exhausted' });
    }
    expect(await box.snapshots.list()).toEqual([]);
    rmSync(join(disk, 'fill'));
    await box.snapshots.create('a');
    expect((await box.run('true')).exitCode).toBe(0);
    await runtime.remove(box.id, { force: true });
  }
  await until('nothing half made is left', async () => readdirSync(join(disk, 'copies/stages')).length === 0);
});

test('a full disk fails what needs space with typed errors, costs no box and no exit, and is over when there is space', async () => {
  await using runtime = await Boxlite.local({ homeDir: join(disk, 'home') });
  const box = await runtime.create({ image, autoRemove: false }, 'a');
  await box.start();
  const spare = await runtime.create({ image, autoRemove: false }, 'b');
  const code = await box.exec('sh', ['-c', 'read x; exit 5']);
  const noisy = await box.exec('sh', ['-c', 'echo first; read x; head -c 300000 /dev/zero; exit 6']);
  await until('the first line', async () => (await box.metrics()).bytesReceivedTotal >= 6);
  fill();

  await expect(runtime.create({ image })).rejects.toThrow(StorageError);
  await expect(spare.start()).rejects.toThrow(StorageError);
  await expect(box.files.write('/big', new Uint8Array(3_000_000))).rejects.toMatchObject({
    code: 'resource_exhausted',
  });
  for (const execution of [code, noisy]) await execution.stdin.close();
  expect(await code.wait()).toMatchObject({ exitCode: 5 });
  expect(await noisy.wait()).toMatchObject({ exitCode: 6 });
  let read = 0;
  const reading = (async () => {
    for await (const { data } of noisy.output()) read += data.length;
  })();
  await expect(reading).rejects.toMatchObject({ code: 'output_truncated' });
  expect(read).toBeGreaterThanOrEqual(6);
  expect((await box.info()).status).toBe('running');
  expect((await box.run('true')).exitCode).toBe(0);

  rmSync(join(disk, 'fill'));
  expect((await box.run('head', ['-c', '200000', '/dev/zero'])).stdout.length).toBe(200_000);
  await box.files.write('/big', new Uint8Array(3_000_000));
  expect((await spare.start()).status).toBe('running');
  await until('the exit is in the store', async () =>
    (await box.executions()).find(({ id, exitCode }) => id === code.id && exitCode === 5),
  );
  for (const { id } of await runtime.listInfo()) await runtime.remove(id, { force: true });
});

test('a box that has filled the disk can be removed, over REST too, and then there is space again', async () => {
  const backend = await openLocal({ homeDir: join(disk, 'removed') });
  const store = openServerStore(join(disk, 'removed/server.db'));
  const app = createApp(backend, { auth: { apiKeys: [{ key: 'key' }] }, store });
  const server = await listen(app, { port: 0 });
  try {
    await using runtime = Boxlite.rest({ url: server.url, credential: new ApiKeyCredential('key') });
    for (const name of ['one', 'two']) {
      const box = await runtime.create({ image, autoRemove: false }, name);
      await box.run('sh', ['-c', 'dd if=/dev/zero of=/big bs=65536 2>/dev/null']);
      fill();
      await expect(runtime.create({ image })).rejects.toThrow(StorageError);
      await runtime.remove(name, { force: true });
      rmSync(join(disk, 'fill'));
    }
    expect(await runtime.listInfo()).toEqual([]);
  } finally {
    await server.close();
    await backend.shutdown();
    store.close();
  }
});

test('on a full disk a runtime opens and removes boxes, which frees space', async () => {
  const homeDir = join(disk, 'closed');
  const first = await Boxlite.local({ homeDir });
  const { id } = await first.create({ image, autoRemove: false });
  await (await first.get(id))?.run('sh', ['-c', 'head -c 8000000 /dev/urandom > /data; sync']);
  await first.shutdown();
  fill();
  await using runtime = await Boxlite.local({ homeDir });
  expect((await runtime.listInfo()).map((box) => box.id)).toEqual([id]);
  await runtime.remove(id, { force: true });
  expect(await runtime.listInfo()).toEqual([]);
  rmSync(join(disk, 'fill'));
});
