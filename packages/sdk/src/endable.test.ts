import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { endable } from './endable.ts';

/** Gives 1 and 2, then waits for its signal; notes that it was released. */
function source(): { readonly open: (own: AbortSignal) => AsyncGenerator<number>; readonly released: () => number } {
  let released = 0;
  return {
    released: () => released,
    async *open(own) {
      try {
        yield 1;
        yield 2;
        const { promise, reject } = Promise.withResolvers<never>();
        own.addEventListener('abort', () => reject(own.reason));
        if (own.aborted) throw own.reason;
        await promise;
      } finally {
        released++;
      }
    },
  };
}

it('ends at once when it is left while it waits, also by dispose, and releases what it read', async () => {
  for (const leave of ['return', 'dispose'] as const) {
    const { open, released } = source();
    const { signal } = new AbortController();
    const values = endable(open, signal);
    expect([(await values.next()).value, (await values.next()).value]).toEqual([1, 2]);
    const waiting = [values.next(), values.next()];
    if (leave === 'return') await values.return();
    else await values[Symbol.asyncDispose]();
    expect(released()).toBe(1);
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ done: true, value: undefined })));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(await values.next()).toEqual({ done: true, value: undefined });
  }
});

it('opens nothing before it is read, and throws the reason of the signal', async () => {
  let opened = 0;
  const { open, released } = source();
  const counted = (own: AbortSignal): AsyncGenerator<number> => {
    opened++;
    return open(own);
  };
  await endable(counted, undefined).return();
  expect(opened).toBe(0);
  const abort = new AbortController();
  const values = endable(counted, abort.signal);
  await values.next();
  await values.next();
  const waiting = values.next();
  const reason = new Error('enough');
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  expect([opened, released()]).toEqual([1, 1]);
  const late = endable(open, abort.signal);
  await late.next();
  await late.next();
  await expect(late.next()).rejects.toBe(reason);
  expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
});

it('leaves a loop as any other generator does: what was read is released, and an error of its source is thrown', async () => {
  const { open, released } = source();
  for await (const _ of endable(open, undefined)) break;
  expect(released()).toBe(1);
  const failure = new Error('the source');
  // biome-ignore lint/correctness/useYield: it fails before there is anything
  async function* failing(): AsyncGenerator<number> {
    throw failure;
  }
  await expect(endable(failing, undefined).next()).rejects.toBe(failure);
});
