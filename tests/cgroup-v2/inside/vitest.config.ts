import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// What only runs in the machine.
export default defineConfig({
  test: {
    root: join(import.meta.dirname, '../../..'),
    include: ['tests/cgroup-v2/inside/*.ts'],
    exclude: ['**/vitest.config.ts'],
    // The machine is translated, on a host that does other things meanwhile.
    expect: { poll: { timeout: 30_000 } },
  },
});
