import { expect, test } from 'vitest';
import { sharedWork } from './shared-work.ts';

test('those who ask for the same key while it is worked on get one result and all progress', async () => {
  const work = sharedWork<number, string>();
  const done = Promise.withResolvers<number>();
  let starts = 0;
  const reports: string[] = [];
  const start = (_signal: AbortSignal, report: (progress: string) => void): Promise<number> => {
    starts++;
    report('begun');
    return done.promise;
  };
  const first = work.join('k', start);
  await Promise.resolve();
  await Promise.resolve();
  const second = work.join('k', start, { onReport: (progress) => reports.push(progress) });
  done.resolve(7);
  expect(await Promise.all([first, second])).toEqual([7, 7]);
  expect([starts, reports]).toEqual([1, ['begun']]);
  await expect.poll(() => work.busy('k')).toBe(false);
});

test('the work stops only when the last who waited has gone, and the next to come starts anew', async () => {
  const work = sharedWork<void>();
  const signals: AbortSignal[] = [];
  const start = (signal: AbortSignal): Promise<void> => {
    signals.push(signal);
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  const [one, two] = [new AbortController(), new AbortController()];
  const joined = [one, two].map(({ signal }) => work.join('k', start, { signal }));
  const results = Promise.allSettled(joined);
  await Promise.resolve();
  one.abort(new Error('one'));
  await expect(joined[0]).rejects.toThrow('one');
  expect(signals[0]?.aborted).toBe(false);
  two.abort(new Error('two'));
  await results;
  expect(signals[0]?.aborted).toBe(true);
  const third = work.join('k', start);
  const stopped = expect(third).rejects.toThrow('stop');
  await expect.poll(() => signals.length).toBe(2);
  await work.stop(new Error('stop'));
  await stopped;
});
