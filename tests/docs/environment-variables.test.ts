import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './page.ts';

/** What only tests use, though it lies beside what is shipped. */
const testing = /\.test\.ts$|\.fixture\.ts$|\/testing\/|\/guest-process\.ts$/;

test('the page of environment variables has those that the packages read, and no others', () => {
  const files = globSync('packages/*/src/**/*.ts', { cwd: root }).filter((file) => !testing.test(file));
  const read = files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/env\['(BOXLITE_\w+)'\]/g)].map(([, name]) => name),
  );
  const page = readFileSync(join(root, 'docs/reference/environment.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const told = rows.flatMap((row) =>
    [...(row.split(' | ')[0] ?? '').matchAll(/`(BOXLITE_\w+)`/g)].map(([, name]) => name),
  );
  expect(told.toSorted()).toEqual([...new Set(read)].toSorted());
});
