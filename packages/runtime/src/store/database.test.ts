import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from './database.ts';

test('the store is for its owner alone, in a home directory that others may look into, too', () => {
  const home = mkdtempSync(join(tmpdir(), 'boxlite-store-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  chmodSync(home, 0o755);
  const path = join(home, 'boxlite.db');
  const modes = (): string[] => readdirSync(home).map((name) => (statSync(join(home, name)).mode & 0o777).toString(8));
  const made = openDatabase(path);
  expect(modes()).toEqual(['600', '600', '600']);
  made.close();
  // As those before were made.
  chmodSync(path, 0o644);
  openDatabase(path).close();
  expect(modes()).toEqual(['600']);
});

test('what a killed process of a version before left beside the store is for its owner alone, too', () => {
  const home = mkdtempSync(join(tmpdir(), 'boxlite-store-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const [whole, left] = [join(home, 'whole'), join(home, 'left')];
  const made = openDatabase(whole);
  // As after a kill: the log is there, and nobody has it open.
  for (const beside of ['', '-wal', '-shm']) cpSync(whole + beside, left + beside);
  made.close();
  for (const beside of ['', '-wal', '-shm']) chmodSync(left + beside, 0o644);
  const taken = openDatabase(left);
  onTestFinished(() => taken.close());
  const modes = ['', '-wal', '-shm'].map((beside) => statSync(left + beside).mode & 0o777);
  expect(modes).toEqual([0o600, 0o600, 0o600]);
});
