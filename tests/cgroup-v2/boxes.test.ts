import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { Boxlite } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testInMachine } from './vitest-run.ts';

const repository = join(import.meta.dirname, '../..');
const config = ['--config', 'tests/cgroup-v2/inside/vitest.config.ts'];
let home: string;

// What a translated machine is slow at is done here: unpacking the image, and reading every module, of which vitest keeps
// what it makes of them.
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'boxlite-home-'));
  const runtime = await Boxlite.local({ homeDir: home });
  await (await runtime.create({ image: 'boxlite/base:latest' })).run('true');
  await runtime.shutdown();
  const vitest = join(repository, 'node_modules/vitest/vitest.mjs');
  const list = [vitest, 'list', '--no-static-parse', ...config];
  await promisify(execFile)(process.execPath, list, { cwd: repository });
});
afterAll(() => rm(home, { recursive: true }));

test('boxes on runc and on crun keep their limits, pause and leave nothing on a host with cgroups of version 2', async () => {
  let output = '';
  const exitCode = await testInMachine(config, {
    env: { MADE_HOME: home },
    onOutput: (bytes) => {
      output += String(bytes);
    },
    timeoutMs: 600_000,
  });
  expect(exitCode, output).toBe(0);
  expect(output).toContain('18 passed');
}, 620_000);
