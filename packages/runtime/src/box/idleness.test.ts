import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Idleness } from './idleness.ts';

// The timers are held, the clock is not: what a timer says and what the clock says can be apart.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

function idleness(idleMs: number, inUse = () => false): { idle: Idleness; ends: number[] } {
  const ends: number[] = [];
  const idle = new Idleness({ idleMs, inUse, onUnused: () => {}, onIdle: () => ends.push(Date.now()) });
  return { idle, ends };
}

test('a timer that rings before its time is set again', () => {
  const { idle, ends } = idleness(30);
  const began = Date.now();
  idle.watch(began);
  vi.advanceTimersByTime(30);
  expect(ends).toEqual([]);
  while (Date.now() < began + 30);
  vi.advanceTimersByTime(30);
  expect(ends).toHaveLength(1);
});

test('a box in use when the time is over is idle only after the use', () => {
  let busy = true;
  const { idle, ends } = idleness(5, () => busy);
  const began = Date.now();
  idle.watch(began);
  while (Date.now() < began + 5);
  vi.advanceTimersByTime(5);
  expect(ends).toEqual([]);
  busy = false;
  idle.touch();
  const touched = Date.now();
  while (Date.now() < touched + 5);
  vi.advanceTimersByTime(6);
  expect(ends).toHaveLength(1);
});
