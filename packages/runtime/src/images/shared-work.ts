/** Work that many may wait for and that is done once; it is stopped when all who waited have gone. */
export interface SharedWork<T, P> {
  /** Starts the work of a key, or joins it. Rejects with the signal's reason on abort; the work goes on for others. */
  join(
    key: string,
    start: (signal: AbortSignal, report: (progress: P) => void) => Promise<T>,
    options?: { readonly signal?: AbortSignal | undefined; readonly onReport?: ((progress: P) => void) | undefined },
  ): Promise<T>;
  /** True while the work of a key is under way. */
  busy(key: string): boolean;
  /** Stops everything with a reason, and waits for its end. */
  stop(reason: Error): Promise<void>;
}

interface Job<T, P> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  readonly listeners: Set<(progress: P) => void>;
  last: { readonly progress: P } | undefined;
  waiting: number;
}

/** Makes an empty {@link SharedWork}. */
export function sharedWork<T, P = never>(): SharedWork<T, P> {
  const jobs = new Map<string, Job<T, P>>();
  const running = new Set<Promise<unknown>>();

  function begin(key: string, start: (signal: AbortSignal, report: (progress: P) => void) => Promise<T>): Job<T, P> {
    const controller = new AbortController();
    const listeners = new Set<(progress: P) => void>();
    const report = (progress: P): void => {
      job.last = { progress };
      for (const listener of listeners) listener(progress);
    };
    const result = Promise.resolve().then(() => start(controller.signal, report));
    const job: Job<T, P> = { result, controller, listeners, last: undefined, waiting: 0 };
    jobs.set(key, job);
    const settled = result
      .catch(() => undefined)
      .then(() => {
        running.delete(settled);
        if (jobs.get(key) === job) jobs.delete(key);
      });
    running.add(settled);
    return job;
  }

  return {
    async join(key, start, { signal, onReport } = {}) {
      signal?.throwIfAborted();
      const job = jobs.get(key) ?? begin(key, start);
      job.waiting++;
      // Each caller its own listener, even when two pass the same function.
      const listener = onReport === undefined ? undefined : (progress: P): void => onReport(progress);
      if (listener !== undefined) {
        job.listeners.add(listener);
        if (job.last !== undefined) listener(job.last.progress);
      }
      const gone = Promise.withResolvers<never>();
      const leave = (): void => gone.reject(signal?.reason);
      signal?.addEventListener('abort', leave, { once: true });
      try {
        return await Promise.race([job.result, gone.promise]);
      } finally {
        signal?.removeEventListener('abort', leave);
        if (listener !== undefined) job.listeners.delete(listener);
        if (--job.waiting === 0) {
          // Whoever comes now must not join what is being stopped.
          if (jobs.get(key) === job) jobs.delete(key);
          job.controller.abort(signal?.reason);
        }
      }
    },
    busy: (key) => jobs.has(key),
    async stop(reason) {
      for (const job of jobs.values()) job.controller.abort(reason);
      await Promise.all(running);
    },
  };
}
