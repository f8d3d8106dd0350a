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

  async function* read(): AsyncGenerator<T, void, undefined> {
    const stop = (): void => own.abort(signal?.reason);
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    try {
      yield* open(own.signal);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }
  const values = read();
  const next = values.next.bind(values);
  const end = values.return.bind(values);
  return Object.assign(values, {
    async next() {
      waiting++;
      try {
        return await next();
      } catch (error) {
        if (own.signal.reason === end) return end();
        throw error;
      } finally {
        waiting--;
      }
    },
    return() {
      // A reason that nothing else has.
      if (waiting) own.abort(end);
      return end();
    },
  });
}
