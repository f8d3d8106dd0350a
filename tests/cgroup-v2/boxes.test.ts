import { expect, test } from 'vitest';
import { testInMachine } from './vitest-run.ts';

test('boxes on runc and on crun keep their limits, pause and leave nothing on a host with cgroups of version 2', async () => {
  let output = '';
  const exitCode = await testInMachine(['--config', 'tests/cgroup-v2/inside/vitest.config.ts'], {
    engine: undefined,
    onOutput: (bytes) => {
      output += String(bytes);
    },
    timeoutMs: 280_000,
  });
  expect(exitCode, output).toBe(0);
  expect(output).toContain('17 passed');
}, 300_000);
