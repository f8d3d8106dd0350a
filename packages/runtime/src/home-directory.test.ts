import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { homeDirectory } from './home-directory.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'boxlite-place-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test('a new home is for its owner alone, and one that its owner opened to readers is taken as it is', async () => {
  const path = join(folder(), 'new');
  expect(await homeDirectory(path)).toBe(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  chmodSync(path, 0o755);
  expect(await homeDirectory(path)).toBe(path);
});

test('a home in which others could put boxes of their own is refused: theirs, or one that all may write to', async () => {
  const path = join(folder(), 'home');
  mkdirSync(path);
  chmodSync(path, 0o1777);
  await expect(homeDirectory(path)).rejects.toMatchObject({
    code: 'invalid_state',
    message: expect.stringContaining('o-w'),
  });
  chmodSync(path, 0o700);
  chownSync(path, 12345, 12345);
  await expect(homeDirectory(path)).rejects.toMatchObject({
    code: 'invalid_state',
    message: expect.stringContaining('12345'),
  });
  // Nor is anything left in it.
  expect(readdirSync(path)).toEqual([]);
});

test('a home that cannot be is a StorageError: a file, or a link that leads nowhere', async () => {
  const path = folder();
  writeFileSync(join(path, 'file'), '');
  symlinkSync('/nowhere/at/all', join(path, 'link'));
  for (const name of ['file', 'link']) {
    await expect(homeDirectory(join(path, name))).rejects.toMatchObject({ code: 'storage_failed' });
  }
});
