import { expect, test } from 'vitest';
import { insistence } from './insistence.ts';

test('three signals within five seconds insist, also after any number that came alone', () => {
  let nowMs = 0;
  const insists = insistence(() => nowMs);
  const at = (ms: number): boolean => {
    nowMs = ms;
    return insists();
  };
  const hour = 3_600_000;
  expect([at(0), at(hour), at(2 * hour), at(3 * hour)]).toEqual([false, false, false, false]);
  expect([at(3 * hour + 2500), at(3 * hour + 5001)]).toEqual([false, false]);
  expect(at(3 * hour + 7500)).toBe(true);
  expect([at(9 * hour), at(9 * hour + 1), at(9 * hour + 2)]).toEqual([false, false, true]);
});
