import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { abortable } from './abortable.ts';

test("a promise that rejects after the abort is nobody's, and not an unhandled rejection", async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    for (const abortFirst of [true, false]) {
      const controller = new AbortController();
      const work = Promise.withResolvers<void>();
      if (abortFirst) controller.abort(new Error('gone'));
      const waiting = abortable(work.promise, controller.signal);
      controller.abort(new Error('gone'));
      await expect(waiting).rejects.toThrow('gone');
      work.reject(new Error('too late'));
      await setImmediate();
    }
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});
