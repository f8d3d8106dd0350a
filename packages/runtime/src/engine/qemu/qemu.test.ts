import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildGuestBinary } from '../../host/guest-binary.fixture.ts';
import { type Host, openHost } from '../../host/host.ts';
import { kernelRoots } from '../../shipped-files.ts';
import { boxAt, makeBusyboxLayer } from '../box.fixture.ts';
import type { Engine } from '../engine.ts';
import { qemuEngine } from './qemu.ts';

let home: string;
let host: Host;

beforeEach(async () => {
  home = await mkdtemp(`${tmpdir()}/boxlite-qemu-`);
  host = await openHost({ binary: await buildGuestBinary(), lockPath: `${home}/lock` });
  await makeBusyboxLayer(`${home}/layer`);
});
afterEach(async () => {
  await host.close();
  await rm(home, { recursive: true, force: true });
});

async function engine(
  more: { readonly qemu?: string; readonly kernelRoots?: readonly string[] } = {},
): Promise<Engine> {
  return await qemuEngine({
    host,
    guestBinary: await buildGuestBinary(),
    stateDir: `${home}/state`,
    kernelRoots,
    ...more,
  });
}

async function isRunning(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text !== '' && !/\) [ZX] /.test(text);
}

test('an attached machine ends with the process that started it, and a detached one does not', async () => {
  const qemu = await engine();
  const attached = await qemu.start(boxAt(home, 'attached', { attached: true }));
  const detached = boxAt(home, 'detached');
  const { pid } = await qemu.start(detached);
  await host.close();
  expect([await isRunning(attached.pid), await isRunning(pid)]).toEqual([false, true]);
  host = await openHost({ binary: await buildGuestBinary(), lockPath: `${home}/lock` });
  const again = await engine();
  expect(await again.pid(detached)).toBe(pid);
  expect((await again.usage('detached'))?.memoryBytes).toBeGreaterThan(0);
  await expect(again.start(detached)).rejects.toThrow(`already running as process ${pid}`);
  await again.kill(detached);
  await again.release(detached);
  await again.release(detached);
  expect([await again.pid(detached), await again.usage('detached')]).toEqual([undefined, undefined]);
  await again.destroy(detached);
  expect(await readdir(detached.folder)).toEqual(['guest.sock']);
});

test('a start that fails says what qemu said, and leaves no disk', async () => {
  await writeFile(`${home}/vmlinuz`, 'no kernel');
  await mkdir(`${home}/root/boot`, { recursive: true });
  await writeFile(`${home}/root/boot/vmlinuz-1`, 'no kernel');
  const box = boxAt(home, 'failing', { attached: true });
  await expect((await engine({ kernelRoots: [`${home}/root`] })).start(box)).rejects.toThrow(
    /qemu cannot start box failing: .*kernel/,
  );
  expect(await readdir(box.folder)).toEqual(['guest.sock']);
});

test('a pid that another process has by now is no machine of the box', async () => {
  const box = boxAt(home, 'old');
  await mkdir(box.folder, { recursive: true });
  await writeFile(`${box.folder}/machine.pid`, `${process.pid}\n`);
  const qemu = await engine();
  expect(await qemu.pid(box)).toBeUndefined();
  await qemu.kill(box);
  await qemu.release(box);
});

test('what is missing is named with the command that installs it', async () => {
  await expect(engine({ qemu: 'no-such-qemu' })).rejects.toThrow(/no-such-qemu.*apt-get install -y qemu-system-x86/);
  await expect(engine({ kernelRoots: [home] })).rejects.toThrow(/no kernel.*apt-get install -y linux-image-cloud/);
});

test('a volume, or too little memory for a kernel, is refused with the field', async () => {
  const qemu = await engine();
  const volumes = [{ hostPath: home, guestPath: '/data' }];
  await expect(qemu.start(boxAt(home, 'a', { volumes }))).rejects.toThrow(/^volumes: /);
  await expect(qemu.start(boxAt(home, 'b', { memoryMib: 32 }))).rejects.toThrow(/^memoryMib: 32/);
});

test('the disk of an image is made once for all its boxes, and deleted with its layers', async () => {
  const qemu = await engine();
  const disks = `${home}/state/qemu/disks`;
  const boxes = ['one', 'two'].map((id) => boxAt(home, id, { attached: true }));
  await Promise.all(boxes.map((box) => qemu.start(box)));
  const made = await readdir(disks);
  expect(made.map((name) => name.replace(/.*\./, '')).sort()).toEqual(['erofs', 'layers']);
  expect(await readFile('/proc/mounts', 'utf8')).not.toContain(home);
  for (const box of boxes) {
    await qemu.kill(box);
    await qemu.release(box);
  }
  await engine();
  expect(await readdir(disks)).toEqual(made);
  await rm(`${home}/layer`, { recursive: true });
  await engine();
  expect(await readdir(disks)).toEqual([]);
});
