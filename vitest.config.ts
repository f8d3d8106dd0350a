import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take a minute or more. Most are small, so that they came last, where one worker has nothing left to do. */
const long = /\/tests\/(survival\/crash-|cgroup-v2\/|rootless\/|docs\/)/;

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { true: first = [], false: then = [] } = Object.groupBy(await super.sort(files), ({ moduleId }) =>
      long.test(moduleId) ? 'true' : 'false',
    );
    return [...first, ...then];
  }
}

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts', 'examples/**/*.test.ts'],
    pool: 'forks',
    // Every answer of every server of ours is held to spec/openapi.yaml.
    globalSetup: 'packages/server/src/testing/answers/observed-run.ts',
    setupFiles: 'packages/server/src/testing/answers/observed-tests.ts',
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    // It ends what hangs, and is no bar: on a machine that does four other things many take a quarter of it.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A condition that comes late on a busy machine has come.
    expect: { poll: { timeout: 10_000 } },
  },
});
