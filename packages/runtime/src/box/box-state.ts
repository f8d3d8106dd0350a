import { type BootTiming, type BoxInfo, NotFoundError } from 'boxlite/backend';
import type { BoxRecord } from '../store/box-records.ts';
import type { CounterName } from '../store/counters.ts';
import type { Store } from '../store/store.ts';
import { boxInfo } from './box-info.ts';

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

  /** As this process knows it; counters may be behind. */
  get record(): BoxRecord {
    return this.#record;
  }

  get info(): BoxInfo {
    return boxInfo(this.#record);
  }

  /** As the store has it now, counters and all. */
  read(): BoxRecord {
    const stored = this.#store.boxes.get(this.id);
    const { status, pid } = this.#record;
    this.#record = stored ? { ...stored, status, pid } : this.#record;
    return this.#record;
  }

  /** `NotFoundError` once the box is removed. */
  assertNotRemoved(): void {
    if (this.#removed) throw new NotFoundError(`box not found: ${this.id}`);
  }

  /** The box runs: in the store before anyone hears of it. */
  started(pid: number, timing: BootTiming): void {
    this.#record = this.#store.boxes.update(this.id, { status: 'running', pid, timing });
  }

  /** What is so is so: a store that cannot take it now, as on a full disk, gets it later. */
  note(status: BoxRecord['status'], pid?: number): void {
    this.#record = { ...this.#record, status, pid, updatedAt: Date.now() };
    const { boxes, later } = this.#store;
    const write = (): void => {
      if (!this.#removed) boxes.update(this.id, { status: this.#record.status, pid: this.#record.pid });
    };
    try {
      write();
    } catch {
      later.insist(write).catch(() => {});
    }
  }

  count(counter: CounterName): void {
    const { counters, later } = this.#store;
    later.insist(() => counters.add(counter)).catch(() => {});
  }

  /** Takes the box out of the store. */
  remove(): void {
    this.#store.later.flush();
    this.#store.boxes.remove(this.id);
    this.#removed = true;
  }
}
