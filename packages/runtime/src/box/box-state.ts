import { type BootTiming, boxNotFound } from 'boxlite/backend';
import type { BoxHistory, BoxRecord } from '../store/box-records.ts';
import type { CounterName } from '../store/counters.ts';
import type { Store } from '../store/store.ts';

/** What is known of a box, kept in the store. */
export class BoxState {
  readonly #store: Store;
  #record: BoxRecord;
  #removed = false;

  constructor(store: Store, record: BoxRecord) {
    this.#store = store;
    this.#record = record;
  }

  get id(): string {
    return this.#record.id;
  }

  get status(): BoxRecord['status'] {
    return this.#record.status;
  }

  /** As this process knows it; counters may be behind. */
  get record(): BoxRecord {
    return this.#record;
  }

  /** As the store has it now, counters and all. */
  read(): BoxRecord {
    const stored = this.#store.boxes.get(this.#record.tenant, this.id);
    const { status, pid, history } = this.#record;
    this.#record = stored ? { ...stored, status, pid, history } : this.#record;
    return this.#record;
  }

  /** `NotFoundError` once the box is removed. */
  assertNotRemoved(): void {
    if (this.#removed) throw boxNotFound(this.id);
  }

  /** The box runs, and a new history begins: in the store before anyone hears of it. */
  started(pid: number, timing: BootTiming): void {
    const history = { startedAt: Date.now() };
    this.#record = this.#store.boxes.update(this.id, { status: 'running', pid, timing, history });
  }

  /** A running box is paused, or goes on. */
  turned(status: 'running' | 'paused' | 'stopping'): void {
    this.#note({ status });
  }

  /** The box runs no more; `errorMessage` says why it is `failed`. */
  ended(status: 'stopped' | 'failed' | 'unknown', errorMessage?: string): void {
    this.#note({ status, pid: undefined, history: { ...this.#record.history, endedAt: Date.now(), errorMessage } });
  }

  /** Adds to the box's history. */
  remember(history: BoxHistory): void {
    this.#record = { ...this.#record, history: { ...this.#record.history, ...history } };
    this.#store.later.insist(() => this.#write()).catch(() => {});
  }

  count(counter: CounterName): void {
    const { counters, later } = this.#store;
    later.insist(() => counters.add(this.#record.tenant, counter)).catch(() => {});
  }

  /** Takes the box out of the store. */
  remove(): void {
    this.#store.later.flush();
    this.#store.boxes.remove(this.id);
    this.#removed = true;
  }

  /** What is so is so: a store that cannot take it now, as on a full disk, gets it later. */
  #note(change: Partial<Pick<BoxRecord, 'status' | 'pid' | 'history'>>): void {
    this.#record = { ...this.#record, ...change, updatedAt: Date.now() };
    try {
      this.#write();
    } catch {
      this.#store.later.insist(() => this.#write()).catch(() => {});
    }
  }

  #write(): void {
    if (this.#removed) return;
    const { status, pid, history } = this.#record;
    this.#store.boxes.update(this.id, { status, pid, history });
  }
}
