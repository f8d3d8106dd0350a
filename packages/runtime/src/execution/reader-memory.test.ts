import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { madeForReader } from './reader-memory.ts';

const chunkBytes = 256 * 1024;

/** How often the whole heap was marked while 1 GiB of chunks came and went. */
async function marksOfFlood(tell: (bytes: number) => void): Promise<number> {
  let marks = 0;
  const count = (entries: readonly object[]): void => {
    for (const entry of entries) {
      const detail = 'detail' in entry ? entry.detail : undefined;
      const kind = typeof detail === 'object' && detail !== null && 'kind' in detail ? detail.kind : undefined;
      if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) marks++;
    }
  };
  const observer = new PerformanceObserver((list) => count(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  for (let i = 0; i < 4096; i++) {
    Buffer.allocUnsafeSlow(chunkBytes);
    tell(chunkBytes);
    if (i % 4 === 0) await turn();
  }
  count(observer.takeRecords());
  observer.disconnect();
  return marks;
}

test('a flood of chunks for readers does not have the whole heap marked over and over', async () => {
  const untold = await marksOfFlood(() => {});
  expect(await marksOfFlood(madeForReader)).toBeLessThan(untold / 2);
});
