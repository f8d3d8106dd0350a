/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

/** Aborts at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function aborting(): AbortSignal {
  const leaving = new AbortController();
  void firstSignal().then(() => leaving.abort());
  return leaving.signal;
}
