/** Things that are held together: disposing of it lets go of each, the last one first. Node 22 has no `DisposableStack`. */
export class Holding implements Disposable {
  #held: Disposable[] = [];

  /** Holds one more; gives it back. */
  use<T extends Disposable | null | undefined>(one: T): T {
    if (one) this.#held.push(one);
    return one;
  }

  /** All of it in another, which has to let go of it now; this one holds nothing any more. */
  move(): Holding {
    const other = new Holding();
    other.#held = this.#held;
    this.#held = [];
    return other;
  }

  /** Lets go of all, also where one of them throws; then throws that, or an `AggregateError` of several. Twice is fine. */
  [Symbol.dispose](): void {
    const errors: unknown[] = [];
    for (let one = this.#held.pop(); one !== undefined; one = this.#held.pop()) {
      try {
        one[Symbol.dispose]();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 1) throw new AggregateError(errors, 'some of what was held could not be let go of');
    if (errors.length === 1) throw errors[0];
  }
}
