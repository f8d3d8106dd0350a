import { setTimeout } from 'node:timers/promises';
import { EngineError } from 'boxlite/backend';
import type { PreparedBox } from '../box/prepared-box.ts';

// What a preparation waits after a failure, a box that ended before anyone took it too: doubled with each that comes
// before the last is forgotten or a box is taken, a minute at most.
const firstPauseMs = 500;
const longestPauseMs = 60_000;
const forgottenMs = 2 * longestPauseMs;
// What whoever takes one gets to himself: his first command shares the processors with what is made in its place.
const calmMs = 25;

export interface ShelfOptions {
  /** How many boxes are to be ready. */
  readonly size: number;
  /** Makes one; what fails is tried again, and leaves nothing. Aborted when the shelf closes. */
  readonly prepare: (signal: AbortSignal) => Promise<PreparedBox>;
  /** Told of every failure. */
  readonly failed: (error: unknown) => void;
}

/** Prepared boxes of one kind, made one after another until there are enough. */
export class Shelf {
  readonly #options: ShelfOptions;
  readonly #ready: PreparedBox[] = [];
  #filling: Promise<void> | undefined;
  readonly #closing = new AbortController();
  #takenAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;

  constructor(options: ShelfOptions) {
    this.#options = options;
    this.fill();
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  get ready(): number {
    return this.#ready.length;
  }

  /** One of that shape, which is the taker's from now on. */
  take(shape: string): PreparedBox | undefined {
    const at = this.#ready.findIndex((box) => box.shape === shape);
    const [taken] = at < 0 ? [] : this.#ready.splice(at, 1);
    if (taken) {
      this.#takenAt = performance.now();
      this.#failures = 0;
      this.fill();
    }
    return taken;
  }

  /** Ends those that `which` names, and makes others in their place. */
  async drop(which: (box: PreparedBox) => boolean): Promise<void> {
    const dropped = this.#ready.filter(which);
    for (const box of dropped) this.#ready.splice(this.#ready.indexOf(box), 1);
    await Promise.allSettled(dropped.map((box) => box.destroy()));
    this.fill();
  }

  /** Ends all of it. Twice is fine. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#filling;
    await this.drop(() => true);
  }

  /** Begins to make what is missing, unless that has begun. */
  fill(): void {
    this.#filling ??= this.#fill().finally(() => {
      this.#filling = undefined;
      // What was taken between the last look and now.
      if (!this.#isClosed && this.#ready.length < this.#options.size) this.fill();
    });
  }

  async #fill(): Promise<void> {
    while (!this.#isClosed && this.#ready.length < this.#options.size) {
      const waitMs = this.#mayPrepareAt - performance.now();
      if (waitMs > 0) {
        await this.#pause(waitMs);
        continue;
      }
      try {
        this.#add(await this.#options.prepare(this.#closing.signal));
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  get #mayPrepareAt(): number {
    const pauseMs = Math.min(firstPauseMs * 2 ** (this.#failures - 1), longestPauseMs);
    return Math.max(this.#takenAt + calmMs, this.#failures === 0 ? 0 : this.#failedAt + pauseMs);
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    const now = performance.now();
    this.#failures = now - this.#failedAt > forgottenMs ? 1 : this.#failures + 1;
    this.#failedAt = now;
    this.#options.failed(error);
  }

  #add(box: PreparedBox): void {
    this.#ready.push(box);
    box.started.channel.closed.then((reason) => {
      if (!this.#ready.includes(box)) return;
      const why = reason ? `: ${reason.message}` : '';
      this.#failed(new EngineError(`box ${box.record.id} ended before anyone took it${why}`));
      void this.drop((other) => other === box);
    });
  }

  /** Ends early when the shelf closes; a process that has nothing else to do does not wait for it. */
  async #pause(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { ref: false, signal: this.#closing.signal }).catch(() => {});
  }
}
