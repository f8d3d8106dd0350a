import { expect, test } from 'vitest';
import { mountedBelow, parseMounts } from './mounts.ts';

test('finds what is mounted below a directory, each place once, the outer before the inner', () => {
  const line = (path: string): string => `31 30 0:27 / ${path} rw,relatime shared:9 - tmpfs tmpfs rw,mode=755`;
  const text = ['/', '/data/b/c', '/data/b', '/data/b', '/data/with\\040blank', '/database'].map(line).join('\n');
  const mounts = parseMounts(`${text}\nno mount\n`);
  expect(mountedBelow(mounts, '/data')).toEqual(['b', 'b/c', 'with blank']);
  expect(mountedBelow(mounts, '/data/b/c')).toEqual([]);
  expect(mountedBelow(mounts, '/')).toContain('database');
});
