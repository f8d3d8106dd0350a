import { expect, test } from 'vitest';
import { durationMs } from './duration.ts';

test('a time is a whole number with its unit', () => {
  expect(['90s', '15m', '12h', '7d', '0s'].map(durationMs)).toEqual([90_000, 900_000, 43_200_000, 604_800_000, 0]);
  for (const wrong of ['', '7', 'd', '1.5h', '-1s', '1w', '1s ', '9999999999s']) {
    expect(() => durationMs(wrong)).toThrow(/90s, 15m, 12h or 7d/);
  }
});
