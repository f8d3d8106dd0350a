import { expect, test } from 'vitest';
import { isUlid, ulid } from './ulid.ts';

test('ids made in one millisecond are different and ascending', () => {
  const ids = Array.from({ length: 1000 }, () => ulid(1_700_000_000_000));
  expect(new Set(ids).size).toBe(1000);
  expect([...ids].sort()).toEqual(ids);
  expect(ids.every(isUlid)).toBe(true);
});

test('an id made when the clock went back is still greater than the one before', () => {
  const first = ulid(1_900_000_000_000);
  expect(ulid(1_800_000_000_000) > first).toBe(true);
});
