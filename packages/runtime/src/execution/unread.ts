import { Notifier } from './notifier.ts';

/** Holds a command back once as much of its output as allowed has been read by nobody. Counted in bytes of both streams together. */
export class Unread {
  readonly #limit: number;
  readonly #changes = new Notifier();
  #taken = 0;
  #lifted = false;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** A reader has so many bytes from the beginning on. */
  took(bytes: number): void {
    if (bytes <= this.#taken) return;
    this.#taken = bytes;
    this.#changes.notify();
  }

  /** How many bytes may come to a log of so many. */
  room(bytes: number): number {
    return this.#lifted ? Number.POSITIVE_INFINITY : Math.max(0, this.#taken + this.#limit - bytes);
  }

  /** Resolves once there is room for one. */
  async waitForRoom(bytes: number): Promise<void> {
    while (this.room(bytes) === 0) await this.#changes.next();
  }

  /** The command is about to end: its last output waits for nobody. */
  lift(): void {
    this.#lifted = true;
    this.#changes.notify();
  }
}
