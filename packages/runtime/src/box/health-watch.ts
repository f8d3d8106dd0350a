import type { HealthCheckOptions, HealthStatus } from 'boxlite/backend';
import { Alarm } from './alarm.ts';

/** Marks a check in the guest's list, so that one that a crash left behind is ended and not taken for a command. */
export const healthTag = 'health';

/** Runs a box's health check from its start to its end, one at a time. */
export class HealthWatch {
  readonly #options: HealthCheckOptions;
  readonly #alarm = new Alarm();
  readonly #check: () => Promise<boolean>;
  #status: HealthStatus = 'starting';
  #failures = 0;
  #countedFrom: number;
  #ended = false;

  /** `check` resolves with whether the box is healthy, or rejects. `startedAt`: milliseconds since 1970. */
  constructor(options: HealthCheckOptions, startedAt: number, check: () => Promise<boolean>) {
    this.#options = options;
    this.#check = check;
    this.#countedFrom = startedAt + (options.startPeriodMs ?? 0);
    this.#next(0);
  }

  get status(): HealthStatus {
    return this.#status;
  }

  end(): void {
    this.#ended = true;
    this.#alarm.clear();
  }

  #next(inMs: number): void {
    if (this.#ended) return;
    this.#alarm.set(Date.now() + inMs, () => {
      this.#check()
        .catch(() => false)
        .then((healthy) => {
          this.#note(healthy);
          this.#next(this.#options.intervalMs ?? 30_000);
        });
    });
  }

  #note(healthy: boolean): void {
    if (healthy) {
      this.#failures = 0;
      this.#status = 'healthy';
      // Once it works, its start is over.
      this.#countedFrom = 0;
    } else if (Date.now() >= this.#countedFrom && ++this.#failures >= (this.#options.retries ?? 3)) {
      this.#status = 'unhealthy';
    }
  }
}
