import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Boxlite } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';

const mib = 1024 ** 2;
let place: string;
let runtime: Boxlite;
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'boxlite-blocks-'));
  const image = `${place}.img`;
  writeFileSync(image, '');
  truncateSync(image, 640 * mib);
  execFileSync('mkfs.xfs', ['-q', '-m', 'reflink=1', image]);
  execFileSync('mount', ['-o', 'loop', image, place]);
  runtime = await Boxlite.local({ homeDir: join(place, 'home') });
});
afterAll(async () => {
  await runtime.shutdown();
  execFileSync('umount', [place]);
  rmSync(place, { recursive: true });
  rmSync(`${place}.img`);
});

function usedMib(): number {
  const { blocks, bfree, bsize } = statfsSync(place);
  return ((blocks - bfree) * bsize) / mib;
}

test.each([
  ['a folder', {}],
  ['an image of its own', { diskSizeGb: 1 }],
])('where a file system shares blocks, copies of a disk that is %s take no room', async (_, options) => {
  const box = await runtime.create({ image: 'boxlite/base:latest', autoRemove: false, ...options });
  await box.run('dd', ['if=/dev/urandom', 'of=/root/file', 'bs=1M', 'count=100']);
  const sum = async (of: typeof box): Promise<string> => (await of.run('sha256sum', ['/root/file'])).stdout;
  const written = await sum(box);
  // Down to the disk, so that only copies count from here on.
  await box.run('sync');
  const before = usedMib();
  await box.snapshots.create('one');
  const copy = await box.clone();
  expect(await sum(copy)).toBe(written);
  await box.run('rm', ['/root/file']);
  await box.stop();
  await box.snapshots.restore('one');
  expect(await sum(box)).toBe(written);
  // Three copies of 100 MiB.
  expect(usedMib() - before).toBeLessThan(16);
  for (const { id } of [box, copy]) await runtime.remove(id, { force: true });
});
