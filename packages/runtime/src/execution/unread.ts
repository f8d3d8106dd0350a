import { Notifier } from './notifier.ts';

/** Holds a command back while more of its log than allowed has been read by nobody. Positions are those in the log file. */
export class Unread {
  readonly #limit: number;
  readonly #changes = new Notifier();
  #taken = 0;
  #lifted = false;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** A reader has everything before this position. */
  took(position: number): void {
    if (position <= this.#taken) return;
    this.#taken = position;
    this.#changes.notify();
  }

  /** Resolves once a log of this size may grow; undefined when it may now. */
  room(size: number): undefined | Promise<void> {
    return this.#fits(size) ? undefined : this.#wait(size);
  }

  async #wait(size: number): Promise<void> {
    while (!this.#fits(size)) await this.#changes.next();
  }

  #fits(size: number): boolean {
    return this.#lifted || size - this.#taken <= this.#limit;
  }

  /** The command is about to end: its last output waits for nobody. */
  lift(): void {
    this.#lifted = true;
    this.#changes.notify();
  }
}
