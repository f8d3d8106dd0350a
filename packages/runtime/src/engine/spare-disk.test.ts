import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { mountFlags } from '../host/action.ts';
import { buildGuestBinary } from '../host/guest-binary.fixture.ts';
import { type Host, openHost } from '../host/host.ts';
import { boxAt, engineAt, engineName, makeBusyboxLayer, runInside, tracesOf } from './box.fixture.ts';
import { boxPaths } from './disk.ts';
import type { Engine, EngineBox } from './engine.ts';

let binary: string;
let home: string;
let host: Host;
let engine: Engine;
let serial = 0;
const started = new Set<EngineBox>();

beforeAll(async () => {
  binary = await buildGuestBinary();
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'boxlite-spare-'));
  await makeBusyboxLayer(`${home}/layer`);
  host = await openHost({ binary, lockPath: `${home}/lock` });
  engine = await engineAt(home, host, binary);
});
afterEach(async () => {
  for (const box of started) await end(box);
  await host.close();
  await rm(home, { recursive: true });
});

const spares = (): string => `${home}/state/spares/${engineName}`;
const mountInfo = (): Promise<string> => readFile('/proc/self/mountinfo', 'utf8');

async function start(more: Partial<EngineBox> = {}): Promise<EngineBox> {
  const box = boxAt(home, `SPARE${process.pid}N${serial++}`, { diskSizeGb: 1, ...more });
  started.add(box);
  await engine.start(box);
  return box;
}

async function end(box: EngineBox): Promise<void> {
  started.delete(box);
  await engine.kill(box);
  await engine.release(box);
}

/** The place of the spare, once there is one, mounted and all. */
async function spare(): Promise<string> {
  await expect
    .poll(async () => {
      const [name] = await readdir(spares()).catch(() => []);
      return name !== undefined && existsSync(`${spares()}/${name}/disk/work`);
    })
    .toBe(true);
  const [name] = await readdir(spares());
  return `${spares()}/${name}`;
}

const inode = async (path: string): Promise<string> =>
  (await host.spawn({ argv: ['/usr/bin/stat', '--format=%i', path], output: 'capture' })).stdout;

async function sizeInside({ id }: EngineBox): Promise<string> {
  const { stdout } = await runInside(home, host, id, '/bin/busybox df -m / | /bin/busybox tail -n 1');
  return stdout.trim().split(/\s+/)[1] ?? '';
}

test('the next box of a size gets the disk that was made ahead, as empty and as small as one of its own', async () => {
  const first = await start();
  await runInside(home, host, first.id, 'echo mine > /kept');
  const place = await spare();
  const image = await inode(`${place}/disk.img`);
  const second = await start();
  expect(await inode(boxPaths(second.folder).image)).toBe(image);
  expect(await mountInfo()).not.toContain(place);
  expect(existsSync(place)).toBe(false);
  expect((await runInside(home, host, second.id, 'ls /')).stdout).not.toContain('kept');
  expect(await sizeInside(second)).toBe(await sizeInside(first));
  await runInside(home, host, second.id, 'echo second > /kept');
  await end(second);
  await expect.poll(() => tracesOf(home, second)).toEqual([]);
  // It is the box's own from then on: another start finds what was written.
  await engine.start(second);
  started.add(second);
  expect((await runInside(home, host, second.id, 'cat /kept')).stdout).toBe('second\n');
});

test('a box of another size makes its own disk, and the spare is then of that size', async () => {
  await start();
  const place = await spare();
  const other = await start({ diskSizeGb: 2 });
  expect(Number(await sizeInside(other))).toBeGreaterThan(1500);
  await expect.poll(() => existsSync(place)).toBe(false);
  expect(await spare()).not.toBe(place);
  expect(await mountInfo()).not.toContain(place);
});

test('a box whose spare is no longer mounted, or has no image, has a disk with a limit all the same', async () => {
  await start();
  await host.umount(`${await spare()}/disk`);
  const limited = await start();
  const limit = Number(await sizeInside(limited));
  expect(limit).toBeGreaterThan(800);
  expect(limit).toBeLessThan(1024);
  await rm(`${await spare()}/disk.img`);
  expect(Number(await sizeInside(await start()))).toBe(limit);
});

test('many boxes at once have a disk each', async () => {
  await start();
  await spare();
  const boxes = await Promise.all(Array.from({ length: 4 }, () => start()));
  const images = await Promise.all(boxes.map(({ folder }) => inode(boxPaths(folder).image)));
  expect(new Set(images).size).toBe(4);
  await Promise.all(boxes.map(({ id }) => runInside(home, host, id, `echo ${id} > /own`)));
  for (const { id } of boxes) expect((await runInside(home, host, id, 'cat /own')).stdout).toBe(`${id}\n`);
});

test('a runtime that ends takes its spare along, and the next one what nobody could', async () => {
  const box = await start();
  await spare();
  await end(box);
  await host.close();
  expect(await readdir(spares())).toEqual([]);
  expect(await mountInfo()).not.toContain(home);
  host = await openHost({ binary, lockPath: `${home}/lock` });
  // As a host program leaves it that is killed together with its runtime.
  const place = boxPaths(`${spares()}/LEFT`);
  await mkdir(place.disk, { recursive: true });
  const [template] = await readdir(`${home}/state/templates`);
  await host.copySparse(`${home}/state/templates/${template}`, place.image);
  await host.mountImage({ source: place.image, target: place.disk, type: 'ext4', flags: mountFlags.noSuid });
  engine = await engineAt(home, host, binary);
  expect(await readdir(spares())).toEqual([]);
  expect(await mountInfo()).not.toContain(home);
});
