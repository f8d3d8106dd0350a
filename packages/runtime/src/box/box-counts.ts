import type { BoxCounters, BoxRecord } from '../store/box-records.ts';
import type { Store } from '../store/store.ts';

/** What one box counts: gathered here, and put into the store a few milliseconds later, many at a time. */
export class BoxCounts {
  readonly #store: Store;
  readonly #of: Pick<BoxRecord, 'id' | 'tenant'>;
  #added = nothing();
  #counting = false;

  constructor(store: Store, of: Pick<BoxRecord, 'id' | 'tenant'>) {
    this.#store = store;
    this.#of = of;
  }

  add(counter: 'commands' | 'execErrors'): void {
    this.#added[counter]++;
    this.#countSoon();
  }

  /** Bytes alone wait for the next of the others, or for `flush`. */
  addBytes(direction: 'bytesIn' | 'bytesOut', bytes: number): void {
    this.#added[direction] += bytes;
  }

  /** Puts what waits into the store. */
  flush(): void {
    if (this.#added.bytesIn > 0 || this.#added.bytesOut > 0) this.#countSoon();
    this.#store.later.flush();
  }

  #countSoon(): void {
    if (this.#counting) return;
    this.#counting = true;
    const { boxes, counters, later } = this.#store;
    later
      .add(() => {
        const added = this.#added;
        this.#added = nothing();
        this.#counting = false;
        const { id, tenant } = this.#of;
        boxes.add(id, added);
        if (added.commands > 0) counters.add(tenant, 'commands', added.commands);
        if (added.execErrors > 0) counters.add(tenant, 'exec_errors', added.execErrors);
      })
      .catch(() => {
        this.#counting = false;
      });
  }
}

function nothing(): { -readonly [Counter in keyof BoxCounters]: number } {
  return { commands: 0, execErrors: 0, bytesIn: 0, bytesOut: 0 };
}
