import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts', 'examples/**/*.test.ts'],
    pool: 'forks',
    // Every answer of every server of ours is held to spec/openapi.yaml.
    globalSetup: 'packages/server/src/testing/answers/observed-run.ts',
    setupFiles: 'packages/server/src/testing/answers/observed-tests.ts',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A condition that comes late on a busy machine has come.
    expect: { poll: { timeout: 10_000 } },
  },
});
