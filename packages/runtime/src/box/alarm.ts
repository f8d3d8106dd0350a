// The longest that a timer of Node waits.
const longestMs = 2_147_483_647;

/** Does something at a time of day, once; a process that has nothing else to do does not wait for it. */
export class Alarm {
  #timer: NodeJS.Timeout | undefined;

  /** Sets it, or sets it anew: `at` in milliseconds since 1970; a time that has passed is now. */
  set(at: number, work: () => void): void {
    this.clear();
    const ms = Math.max(0, at - Date.now());
    this.#timer = ms > longestMs ? setTimeout(() => this.set(at, work), longestMs) : setTimeout(work, ms);
    this.#timer.unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
