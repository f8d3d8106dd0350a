/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    const signals = ['SIGINT', 'SIGTERM'] as const;
    const first = (): void => {
      for (const signal of signals) process.off(signal, first);
      resolve();
    };
    for (const signal of signals) process.once(signal, first);
  });
}

/** Aborts at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function aborting(): AbortSignal {
  const leaving = new AbortController();
  void firstSignal().then(() => leaving.abort());
  return leaving.signal;
}
