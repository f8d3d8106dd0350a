import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withPinned } from './pinned-directory.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'boxlite-pinned-'));
  await mkdir(join(root, 'shared/project/data'), { recursive: true });
  await mkdir(join(root, 'secret/data'), { recursive: true });
  await writeFile(join(root, 'shared/project/data/mine'), '');
  await writeFile(join(root, 'secret/data/theirs'), '');
});
afterAll(() => rm(root, { recursive: true, force: true }));

test('what is mounted is the directory that was opened, though its way is changed meanwhile', async () => {
  const shared = join(root, 'shared');
  const found = await withPinned(join(shared, 'project/data'), async (source) => {
    // As a box that has the folder above as a volume could.
    await rename(join(shared, 'project'), join(shared, 'moved'));
    await symlink(join(root, 'secret'), join(shared, 'project'));
    return readdir(source);
  });
  expect(found).toEqual(['mine']);
});

test('a way that leads through a link by now is refused', async () => {
  const path = join(root, 'shared/project/data');
  expect(await readdir(path)).toEqual(['theirs']);
  await expect(withPinned(path, async () => 'used')).rejects.toThrow('leads elsewhere by a symbolic link');
  await symlink(join(root, 'secret/data'), join(root, 'shared/direct'));
  await expect(withPinned(join(root, 'shared/direct'), async () => 'used')).rejects.toThrow(
    'cannot open the directory',
  );
});
