import { defineConfig } from 'vitest/config';

// What rootless.test.ts runs as an ordinary user.
export default defineConfig({
  test: {
    include: [
      'tests/contract/*.test.ts',
      'packages/runtime/src/engine/isolation.test.ts',
      'tests/survival/paused.test.ts',
      'tests/rootless/*.user.ts',
    ],
    cache: false,
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
