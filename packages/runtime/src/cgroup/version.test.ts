import { expect, test } from 'vitest';
import { cgroupDirectories, parseCgroupLayout } from './version.ts';

test('reads a hybrid host as version 1', () => {
  const layout = parseCgroupLayout(
    [
      '30 24 0:26 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
      '31 30 0:27 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory',
      '32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
      '33 30 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
    ].join('\n'),
  );
  expect(layout?.version).toBe(1);
  if (layout === undefined) return;
  expect(cgroupDirectories(layout, '/boxlite/A')).toEqual([
    '/sys/fs/cgroup/memory/boxlite/A',
    '/sys/fs/cgroup/cpu,cpuacct/boxlite/A',
  ]);
});

test('reads version 2 where it is mounted on /sys/fs/cgroup', () => {
  const layout = parseCgroupLayout('31 24 0:27 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n');
  expect(layout).toEqual({ version: 2, root: '/sys/fs/cgroup' });
});

test('finds none where no memory controller is mounted, and none in garbage', () => {
  expect(parseCgroupLayout('33 30 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw')).toBeUndefined();
  expect(parseCgroupLayout('\n - \nx y z')).toBeUndefined();
});
