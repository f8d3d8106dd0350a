import { execFile } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { testInMachine } from './vitest-run.ts';

const config = ['--config', 'tests/cgroup-v2/inside/vitest.config.ts'];

test('boxes on runc and on crun keep their limits, pause and leave nothing on a host with cgroups of version 2', async () => {
  let output = '';
  // Reads every module, so that what vitest makes of them is there for the machine, which is slow at it.
  const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
  await promisify(execFile)(process.execPath, [vitest, 'list', '--no-static-parse', ...config], {
    cwd: join(import.meta.dirname, '../..'),
  });
  const exitCode = await testInMachine(config, {
    engine: undefined,
    onOutput: (bytes) => {
      output += String(bytes);
    },
    timeoutMs: 280_000,
  });
  expect(exitCode, output).toBe(0);
  expect(output).toContain('17 passed');
}, 300_000);
