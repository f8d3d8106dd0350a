import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildGuestBinary } from '../../host/guest-binary.fixture.ts';
import { type Host, openHost } from '../../host/host.ts';
import { openImageDisks } from './image-disk.ts';

let home: string;
let host: Host;

beforeEach(async () => {
  home = await mkdtemp(`${tmpdir()}/boxlite-disk-`);
  host = await openHost({ binary: await buildGuestBinary(), lockPath: `${home}/lock` });
});
afterEach(async () => {
  await host.close();
  await rm(home, { recursive: true, force: true });
});

async function extracted(disk: string): Promise<string> {
  const folder = `${home}/extracted`;
  const argv = ['/usr/bin/fsck.erofs', `--extract=${folder}`, '--preserve', disk];
  expect(await host.spawn({ argv, output: 'capture' })).toMatchObject({ exitCode: 0 });
  return folder;
}

test('a disk has what its layers show together, with modes and times', async () => {
  for (const layer of ['lower', 'upper']) await mkdir(`${home}/${layer}/etc`, { recursive: true });
  await writeFile(`${home}/lower/etc/old`, 'lower');
  await writeFile(`${home}/lower/etc/both`, 'lower');
  await writeFile(`${home}/upper/etc/both`, 'upper', { mode: 0o640 });
  await utimes(`${home}/upper/etc/both`, 1_000_000, 1_000_000);
  // A whiteout, as extraction makes it.
  await host.spawn({ argv: ['/usr/bin/mknod', `${home}/upper/etc/old`, 'c', '0', '0'] });
  const disks = await openImageDisks(host, '/usr/bin/mkfs.erofs', `${home}/qemu`);
  const tree = await extracted(await disks.ofLayers([`${home}/lower`, `${home}/upper`]));
  expect(await readFile(`${tree}/etc/both`, 'utf8')).toBe('upper');
  expect(await stat(`${tree}/etc/both`)).toMatchObject({ mode: 0o100640, mtimeMs: 1_000_000_000 });
  await expect(stat(`${tree}/etc/old`)).rejects.toThrow('ENOENT');
});

test('a disk that cannot be made is an error that names it, and leaves nothing mounted', async () => {
  const disks = await openImageDisks(host, '/bin/false', `${home}/qemu`);
  await mkdir(`${home}/lower`);
  await expect(disks.ofLayers([`${home}/lower`])).rejects.toThrow(/mkfs.erofs .*erofs failed/);
  expect(await readFile('/proc/mounts', 'utf8')).not.toContain(home);
});
