/**
 * A generator whose `return` does not wait for a `next` that waits: that one ends too, at once. What it reads is opened at the
 * first `next`, with a signal that aborts with `signal`, or when it is left so.
 */
export function endable<T>(
  open: (own: AbortSignal) => AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  const own = new AbortController();
  let waiting = 0;
  let left = false;

  async function* read(): AsyncGenerator<T, void, undefined> {
    const stop = (): void => own.abort(signal?.reason);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
    try {
      yield* open(own.signal);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }
  const values = read();
  const leave = (): void => {
    if (waiting === 0) return;
    left = true;
    own.abort();
  };
  return {
    async next() {
      waiting++;
      try {
        return await values.next();
      } catch (error) {
        if (left) return { done: true, value: undefined };
        throw error;
      } finally {
        waiting--;
      }
    },
    return() {
      leave();
      return values.return();
    },
    throw(error) {
      leave();
      return values.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await this.return();
    },
  };
}
