/** Lets many wait for the next change of something. */
export class Notifier {
  #waiting: Set<() => void> | undefined;

  /** Resolves at the next `notify`, or when the signal aborts. */
  next(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', wake);
        this.#waiting?.delete(wake);
        resolve();
      };
      if (signal?.aborted) return resolve();
      this.#waiting ??= new Set();
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  notify(): void {
    if (this.#waiting === undefined || this.#waiting.size === 0) return;
    for (const wake of [...this.#waiting]) wake();
  }
}
