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
    // Much data, no other way: it runs as root, and there is no time for it twice.
    exclude: ['tests/contract/large-copies.test.ts'],
    cache: false,
    pool: 'forks',
    setupFiles: 'packages/server/src/testing/answers/observed-tests.ts',
    // The run that this is a part of has workers of its own on the same processors.
    maxWorkers: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000 } },
  },
});
