/**
 * Does work that ends with the signal's reason as soon as the signal aborts, whatever a transport makes of it.
 * The work gets a signal of its own: `new Request` would leave its listener on a long-lived one until it is collected.
 */
export async function attached<T>(signal: AbortSignal | undefined, work: (own: AbortSignal) => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const own = new AbortController();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = (): void => {
    own.abort(signal?.reason);
    reject(signal?.reason);
  };
  signal?.addEventListener('abort', stop);
  try {
    return await Promise.race([work(own.signal), aborted]);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** Waits; an abort ends it with the signal's reason and stops the timer. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return attached(signal, () => elapsed).finally(() => clearTimeout(timer));
}
