import { Alarm } from './alarm.ts';

export interface IdlenessOptions {
  /** How long is too long, in milliseconds; undefined: nothing is. */
  readonly idleMs: number | undefined;
  /** Whether something else than `use` keeps the box in use. */
  readonly inUse: () => boolean;
  /** When the box was last used by what tells nobody, in milliseconds since 1970: now while it is. Undefined: never. */
  readonly usedElsewhereAt: () => Promise<number | undefined>;
  /** Told when the last use ended, in milliseconds since 1970. */
  readonly onUnused: (usedAt: number) => void;
  /** Told once nothing has used the box for too long. */
  readonly onIdle: () => void;
}

/** Knows how long a box has not been used. */
export class Idleness {
  readonly #options: IdlenessOptions;
  readonly #alarm = new Alarm();
  #usedAt = 0;
  #uses = 0;
  #watching = false;

  constructor(options: IdlenessOptions) {
    this.#options = options;
  }

  /** Begins to watch a box that runs, and was last used then. */
  watch(usedAt: number): void {
    this.#watching = true;
    this.#usedAt = usedAt;
    this.#await();
  }

  /** The box ends. */
  unwatch(): void {
    this.#watching = false;
    this.#alarm.clear();
  }

  /** The box is in use until the function that this gives is called; calling it twice is fine. */
  use(): () => void {
    this.#uses++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#uses--;
      this.touch();
    };
  }

  /** A use has ended. */
  touch(): void {
    this.#usedAt = Date.now();
    if (!this.#watching || this.#options.idleMs === undefined || this.#inUse()) return;
    this.#options.onUnused(this.#usedAt);
    this.#await();
  }

  #inUse(): boolean {
    return this.#uses > 0 || this.#options.inUse();
  }

  #await(): void {
    const { idleMs } = this.#options;
    if (idleMs !== undefined) this.#alarm.set(this.#usedAt + idleMs, () => void this.#judge(idleMs));
  }

  async #judge(idleMs: number): Promise<void> {
    const elsewhereAt = await this.#options.usedElsewhereAt();
    // Whatever uses it now tells when that ends.
    if (!this.#watching || this.#inUse()) return;
    this.#usedAt = Math.max(this.#usedAt, elsewhereAt ?? 0);
    // A timer may ring a little before its time by this clock, and the clock may have been set back.
    if (Date.now() - this.#usedAt >= idleMs) this.#options.onIdle();
    else this.#await();
  }
}
