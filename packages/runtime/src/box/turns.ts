/** Does one thing at a time, in the order asked; one that fails does not stop the next. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Whether something is done or waits to be. */
  get busy(): boolean {
    return this.#waiting > 0;
  }

  /** Does the work once all that was asked before is over; settles as the work does. */
  take<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const result = this.#last.then(work).finally(() => {
      this.#waiting--;
    });
    this.#last = result.catch(() => {});
    return result;
  }
}
