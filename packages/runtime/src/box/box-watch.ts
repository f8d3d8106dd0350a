import type { HealthStatus } from 'boxlite/backend';
import type { GuestChannel } from '../guest/channel.ts';
import { Alarm } from './alarm.ts';
import type { BoxExecutions } from './box-executions.ts';
import type { BoxState } from './box-state.ts';
import { HealthWatch, healthTag } from './health-watch.ts';
import { Idleness } from './idleness.ts';

export interface BoxWatchOptions {
  readonly state: BoxState;
  readonly executions: BoxExecutions;
  /** When the box was last used from its network. */
  readonly networkUsedAt: () => Promise<number | undefined>;
  /** Nothing has used the running box for `autoStopMs`. */
  readonly onIdle: () => void;
  /** The box has not run for `autoDeleteMs`. */
  readonly onExpired: () => void;
}

/** Watches over a box in time: its idleness and its health while it runs, its deletion while it does not. */
export class BoxWatch {
  readonly #options: BoxWatchOptions;
  readonly #idleness: Idleness;
  readonly #deletion = new Alarm();
  #health: HealthWatch | undefined;

  constructor(options: BoxWatchOptions) {
    this.#options = options;
    const { state, executions, networkUsedAt, onIdle } = options;
    this.#idleness = new Idleness({
      idleMs: state.record.options.autoStopMs,
      inUse: () => executions.hasRunning,
      usedElsewhereAt: networkUsedAt,
      onUnused: (usedAt) => state.remember({ usedAt }),
      onIdle,
    });
  }

  /** Undefined while the box does not run or has no health check. */
  get health(): HealthStatus | undefined {
    return this.#health?.status;
  }

  /** The box is in use until the function that this gives is called. */
  use(): () => void {
    return this.#idleness.use();
  }

  /** The box runs, since just now or since a former process started it. */
  begun(channel: GuestChannel): void {
    const { state, executions } = this.#options;
    const { history, options } = state.record;
    const { startedAt = Date.now(), usedAt = startedAt } = history;
    const { healthCheck } = options;
    this.#deletion.clear();
    this.#idleness.watch(usedAt);
    if (!healthCheck) return;
    const [command = '', ...args] = healthCheck.command;
    const check = { command, args, timeoutMs: healthCheck.timeoutMs ?? 30_000 };
    this.#health = new HealthWatch(healthCheck, startedAt, async () => {
      return (await executions.probe(channel, healthTag, check)) === 0;
    });
  }

  /** The box runs no more, or is let go. */
  over(): void {
    this.#idleness.unwatch();
    this.#health?.end();
    this.#health = undefined;
    this.#deletion.clear();
  }

  /** The box has not run since the end in its history. */
  kept(): void {
    const expiresAt = this.#expiresAt();
    if (expiresAt !== undefined) this.#deletion.set(expiresAt, this.#options.onExpired);
  }

  /** Whether the box, which does not run, has not run for `autoDeleteMs`. */
  get isExpired(): boolean {
    const expiresAt = this.#expiresAt();
    return expiresAt !== undefined && expiresAt <= Date.now();
  }

  #expiresAt(): number | undefined {
    const { options, history } = this.#options.state.record;
    const { autoDeleteMs } = options;
    return autoDeleteMs === undefined ? undefined : (history.endedAt ?? Date.now()) + autoDeleteMs;
  }
}
