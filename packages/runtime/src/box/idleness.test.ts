import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Idleness } from './idleness.ts';

// Timers and clock are set each by itself: what a timer says and what the clock says can be apart.
let now = 0;
beforeEach(() => {
  now = 1_000_000;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.spyOn(Date, 'now').mockImplementation(() => now);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function idleness(
  idleMs: number,
  inUse = () => false,
  usedElsewhereAt = (): number | undefined => undefined,
): { idle: Idleness; ends: number[] } {
  const ends: number[] = [];
  const idle = new Idleness({
    idleMs,
    inUse,
    usedElsewhereAt: async () => usedElsewhereAt(),
    onUnused: () => {},
    onIdle: () => ends.push(now),
  });
  return { idle, ends };
}

test('a timer that rings before its time is set again', async () => {
  const { idle, ends } = idleness(30);
  idle.watch(now);
  await vi.advanceTimersByTimeAsync(30);
  expect(ends).toEqual([]);
  now += 30;
  await vi.advanceTimersByTimeAsync(30);
  expect(ends).toHaveLength(1);
});

test('a box in use when the time is over is idle only after the use', async () => {
  let busy = true;
  const { idle, ends } = idleness(5, () => busy);
  idle.watch(now);
  now += 5;
  await vi.advanceTimersByTimeAsync(5);
  expect(ends).toEqual([]);
  busy = false;
  idle.touch();
  now += 5;
  await vi.advanceTimersByTimeAsync(6);
  expect(ends).toHaveLength(1);
});

test('a use that tells nobody is asked for when the time is over', async () => {
  let used = true;
  const { idle, ends } = idleness(5, undefined, () => (used ? now : undefined));
  idle.watch(now);
  now += 5;
  await vi.advanceTimersByTimeAsync(5);
  expect(ends).toEqual([]);
  used = false;
  now += 5;
  await vi.advanceTimersByTimeAsync(10);
  expect(ends).toHaveLength(1);
});
