/** Runs at most a number of tasks at a time, in the order in which they came. */
export type Slots = <T>(task: () => Promise<T>) => Promise<T>;

/** Makes {@link Slots} for `count` tasks at a time. */
export function slots(count: number): Slots {
  let free = count;
  const queue: (() => void)[] = [];
  return async (task) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => queue.push(resolve));
    try {
      return await task();
    } finally {
      const next = queue.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
