import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { boxesCgroupPath } from './cgroup/boxes-cgroup.ts';
import { defaultHomeDir } from './open-local.ts';

test('a variable that is set to nothing is as good as none: no home directory where the program happens to stand', () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const name of ['BOXLITE_HOME', 'BOXLITE_CGROUP']) vi.stubEnv(name, '');
  expect(defaultHomeDir()).toBe(join(homedir(), '.boxlite'));
  expect(boxesCgroupPath()).toBe('/boxlite');
  vi.stubEnv('BOXLITE_HOME', '/elsewhere');
  expect(defaultHomeDir()).toBe('/elsewhere');
});
