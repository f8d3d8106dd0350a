import { chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildGuestBinary } from '../host/guest-binary.fixture.ts';
import { type Host, openHost } from '../host/host.ts';
import { boxAt, engineAt, makeBusyboxLayer, runInside, tracesOf } from './box.fixture.ts';
import { readBoxIds } from './box-ids.ts';
import { boxMounts } from './box-mounts.ts';
import type { Engine, EngineBox } from './engine.ts';

let home: string;
let host: Host;
let engine: Engine;
let id: string;
let serial = 0;

beforeEach(async () => {
  const binary = await buildGuestBinary();
  home = await mkdtemp(join(tmpdir(), 'boxlite-owners-'));
  id = `OWNER${process.pid}N${serial++}`;
  await makeBusyboxLayer(`${home}/layer`);
  host = await openHost({ binary, lockPath: `${home}/lock` });
  engine = await engineAt(home, host, binary);
});
afterEach(async () => {
  await engine.kill(boxAt(home, id));
  await engine.release(boxAt(home, id));
  await host.close();
  await rm(home, { recursive: true });
});

async function start(more: Partial<EngineBox> = {}): Promise<{ readonly box: EngineBox; readonly pid: number }> {
  const box = boxAt(home, id, more);
  const { pid } = await engine.start(box);
  return { box, pid };
}

const inside = (script: string) => runInside(home, host, id, script);

test('root in the box is nobody outside, and owners are on disk, in layers and in volumes as the box sees them', async () => {
  const { first } = await readBoxIds();
  for (const folder of ['layer', 'shared']) {
    await mkdir(`${home}/${folder}`, { recursive: true });
    await writeFile(`${home}/${folder}/of1000`, '');
    await chown(`${home}/${folder}/of1000`, 1000, 1001);
  }
  const { box, pid } = await start({ volumes: [{ hostPath: `${home}/shared`, guestPath: '/shared' }] });
  expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(new RegExp(`^Uid:(\\s+${first}){4}$`, 'm'));
  expect(await readFile(`/proc/${pid}/uid_map`, 'utf8')).toMatch(new RegExp(`^\\s+0\\s+${first}\\s+65536\\n$`));
  const made =
    'for d in "" /shared; do echo x > $d/new; busybox chown 7:8 $d/new; busybox stat -c %u:%g $d/of1000 $d/new; done';
  expect((await inside(made)).stdout).toBe('1000:1001\n7:8\n1000:1001\n7:8\n');
  for (const path of [`${box.folder}/disk/upper/new`, `${home}/shared/new`])
    expect(await stat(path), path).toMatchObject({ uid: 7, gid: 8 });
  expect(await stat(`${box.folder}/disk/upper`)).toMatchObject({ uid: 0, gid: 0 });
  // To nobody on this host but the box's own group.
  expect((await stat(boxMounts(host.space, id).own)).mode & 0o777).toBe(0o710);
});

test('starts a box whose disk a version without user namespaces made', async () => {
  const upper = `${home}/boxes/${id}/disk/upper`;
  await mkdir(upper, { recursive: true });
  await mkdir(`${home}/boxes/${id}/disk/work/work`, { recursive: true });
  await mkdir(`${home}/boxes/${id}/rootfs`);
  await writeFile(`${upper}/kept`, 'kept', { mode: 0o600 });
  await start();
  expect((await inside('cat /kept; echo more >> /kept; busybox stat -c %u:%a /kept')).stdout).toBe('kept0:600\n');
});

test('says which volume lies where owners cannot be mapped', async () => {
  await expect(start({ volumes: [{ hostPath: '/proc/sys', guestPath: '/v' }] })).rejects.toThrow(
    /volumes.hostPath: .*idmapped mount.*\/proc\/sys.*use a directory on ext4/,
  );
  await expect.poll(() => tracesOf(home, boxAt(home, id))).toEqual([]);
});
