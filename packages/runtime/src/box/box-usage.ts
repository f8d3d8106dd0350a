import type { BoxMetrics } from 'boxlite/backend';
import type { Engine } from '../engine/engine.ts';

// Below this the share of a processor between two readings is noise.
const leastMs = 100;

/** Turns the counters of a box's cgroup into present use. */
export class BoxUsage {
  readonly #engine: Engine;
  readonly #id: string;
  #last: { readonly at: number; readonly cpuSeconds: number } | undefined;
  #percent: number | undefined;

  constructor(engine: Engine, id: string) {
    this.#engine = engine;
    this.#id = id;
  }

  /** Both undefined while the box does not run; the processor's share from the second reading on. */
  async now(): Promise<Pick<BoxMetrics, 'cpuPercent' | 'memoryBytes'>> {
    const usage = await this.#engine.usage(this.#id);
    if (!usage) {
      this.#last = undefined;
      this.#percent = undefined;
      return { cpuPercent: undefined, memoryBytes: undefined };
    }
    const at = performance.now();
    if (!this.#last) this.#last = { at, cpuSeconds: usage.cpuSeconds };
    else if (at - this.#last.at >= leastMs) {
      this.#percent = (100_000 * (usage.cpuSeconds - this.#last.cpuSeconds)) / (at - this.#last.at);
      this.#last = { at, cpuSeconds: usage.cpuSeconds };
    }
    return { cpuPercent: this.#percent, memoryBytes: usage.memoryBytes };
  }
}
