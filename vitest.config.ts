import process from 'node:process';
import { defineConfig } from 'vitest/config';

/** Where a run that stands still is to say what it stands in; see scripts/stalled.ts. */
const reports = process.env['BOXLITE_TEST_PROGRESS'];

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts', 'examples/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    execArgv: reports ? ['--report-on-signal', `--report-directory=${reports}`] : [],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
