import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Idleness } from './idleness.ts';

// The timers are held, the clock is not: what a timer says and what the clock says can be apart.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

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
    onIdle: () => ends.push(Date.now()),
  });
  return { idle, ends };
}

test('a timer that rings before its time is set again', async () => {
  const { idle, ends } = idleness(30);
  const began = Date.now();
  idle.watch(began);
  await vi.advanceTimersByTimeAsync(30);
  expect(ends).toEqual([]);
  while (Date.now() < began + 30);
  await vi.advanceTimersByTimeAsync(30);
  expect(ends).toHaveLength(1);
});

test('a box in use when the time is over is idle only after the use', async () => {
  let busy = true;
  const { idle, ends } = idleness(5, () => busy);
  const began = Date.now();
  idle.watch(began);
  while (Date.now() < began + 5);
  await vi.advanceTimersByTimeAsync(5);
  expect(ends).toEqual([]);
  busy = false;
  idle.touch();
  const touched = Date.now();
  while (Date.now() < touched + 5);
  await vi.advanceTimersByTimeAsync(6);
  expect(ends).toHaveLength(1);
});

test('a use that tells nobody is asked for when the time is over', async () => {
  let used = true;
  const { idle, ends } = idleness(5, undefined, () => (used ? Date.now() : undefined));
  const began = Date.now();
  idle.watch(began);
  while (Date.now() < began + 5);
  await vi.advanceTimersByTimeAsync(5);
  expect(ends).toEqual([]);
  used = false;
  const ended = Date.now();
  while (Date.now() < ended + 5);
  await vi.advanceTimersByTimeAsync(10);
  expect(ends).toHaveLength(1);
});
