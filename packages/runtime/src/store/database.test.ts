import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
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
