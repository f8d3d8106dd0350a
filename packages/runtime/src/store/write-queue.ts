import type { DatabaseSync } from 'node:sqlite';

/** Gathers writes and commits all that came within one turn of the event loop as one transaction. */
export interface WriteQueue {
  /** Runs the write in the next transaction; resolves once that is committed. */
  add(write: () => void): Promise<void>;
  /** Commits now whatever waits. */
  flush(): void;
}

/** Makes the write queue of a store. A failing transaction rejects all its writes and undoes them together. */
export function writeQueue(database: DatabaseSync): WriteQueue {
  let waiting: { write: () => void; done: () => void; failed: (error: unknown) => void }[] = [];
  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      database.exec('BEGIN IMMEDIATE');
      for (const { write } of batch) write();
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      for (const { failed } of batch) failed(error);
      return;
    }
    for (const { done } of batch) done();
  };
  return {
    flush,
    add: (write) =>
      new Promise((done, failed) => {
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ write, done, failed });
      }),
  };
}
