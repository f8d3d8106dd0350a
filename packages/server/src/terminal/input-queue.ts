/** Work on a command's input, one step after another, so that input and its end keep their order. */
export interface InputQueue {
  /** Whether so much waits that no more should be taken in. */
  readonly full: boolean;
  /** Runs the step after those before it; `bytes` is what it keeps in memory until it is done. Settles as the step does. */
  add(bytes: number, step: () => Promise<void>): Promise<void>;
  /** Resolves as soon as it is not full. */
  room(): Promise<void>;
  /** Resolves when everything that was added is done. */
  idle(): Promise<void>;
}

/** An empty queue, full above so many bytes. */
export function inputQueue(limitBytes: number): InputQueue {
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  let roomMade = Promise.withResolvers<void>();
  return {
    get full() {
      return waiting > limitBytes;
    },
    add(bytes, step) {
      waiting += bytes;
      const done = last.then(step).finally(() => {
        waiting -= bytes;
        if (waiting > limitBytes) return;
        roomMade.resolve();
        roomMade = Promise.withResolvers<void>();
      });
      last = done.catch(() => {});
      return done;
    },
    async idle() {
      for (let seen: Promise<void> | undefined; seen !== last; ) {
        seen = last;
        await seen;
      }
    },
    async room() {
      while (waiting > limitBytes) await roomMade.promise;
    },
  };
}
