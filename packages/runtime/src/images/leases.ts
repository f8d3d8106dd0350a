/** What is held by somebody, by name; the same name may be held many times. */
export interface Leases {
  held(name: string): boolean;
  /** Holds names until it is disposed of; twice is fine. */
  hold(names: Iterable<string>): Disposable;
  all(): Iterable<string>;
}

/** Makes {@link Leases} of nothing. */
export function leases(): Leases {
  const counts = new Map<string, number>();
  return {
    held: (name) => counts.has(name),
    all: () => counts.keys(),
    hold(names) {
      const own = new Set(names);
      for (const name of own) counts.set(name, (counts.get(name) ?? 0) + 1);
      return {
        [Symbol.dispose]() {
          for (const name of own) {
            const left = (counts.get(name) ?? 1) - 1;
            if (left === 0) counts.delete(name);
            else counts.set(name, left);
          }
          own.clear();
        },
      };
    },
  };
}
