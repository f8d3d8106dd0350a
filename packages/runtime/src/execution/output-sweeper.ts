import { type OutputSweepParts, sweepOutput } from './output-retention.ts';

const leastMs = 1000;
const mostMs = 60_000;

/** Forgets output that is kept no longer, now and again, for as long as it lives. */
export class OutputSweeper {
  readonly #parts: OutputSweepParts;
  readonly #timer: NodeJS.Timeout;
  #sweeping: Promise<void> | undefined;

  constructor(parts: OutputSweepParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#sweep(), Math.min(Math.max(parts.retention.ms / 4, leastMs), mostMs));
    this.#timer.unref();
    this.#sweep();
  }

  /** Resolves once nothing is being forgotten. Twice is fine. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  #sweep(): void {
    // What cannot be deleted now is tried again with the next sweep.
    this.#sweeping ??= sweepOutput(this.#parts)
      .catch(() => {})
      .finally(() => {
        this.#sweeping = undefined;
      });
  }
}
