import { EngineError } from 'boxlite/backend';
import { expect, test } from 'vitest';
import { readiness } from './readiness.ts';

test('a backend is asked at most once a second, and again when the clock was set back', async () => {
  let nowMs = 7_200_000;
  let failure: Error | undefined;
  const backend = { check: async () => void (failure && (await Promise.reject(failure))) };
  const ready = readiness(backend, new AbortController().signal, () => nowMs);
  await ready();
  failure = new EngineError('gone');
  await ready();
  nowMs -= 3_600_000;
  await expect(ready()).rejects.toThrow('gone');
});
