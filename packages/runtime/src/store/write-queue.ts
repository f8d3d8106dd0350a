import type { DatabaseSync } from 'node:sqlite';

// A transaction costs as much as a dozen statements, and stands in the way of the next frame from a box.
const gatherMs = 5;
const againMs = 1000;

/** Gathers writes and commits all that came within 5 ms as one transaction. */
export interface WriteQueue {
  /** Runs the write in the next transaction; resolves once that is committed. */
  add(write: () => void): Promise<void>;
  /** Like `add`, but tries again every second, as on a full disk, until it is committed; rejects once the store is closed. */
  insist(write: () => void): Promise<void>;
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
      if (database.isOpen && database.isTransaction) database.exec('ROLLBACK');
      for (const { failed } of batch) failed(error);
      return;
    }
    for (const { done } of batch) done();
  };
  const add = (write: () => void): Promise<void> =>
    new Promise((done, failed) => {
      if (waiting.length === 0) setTimeout(flush, gatherMs);
      waiting.push({ write, done, failed });
    });
  const insist = async (write: () => void): Promise<void> => {
    for (;;) {
      try {
        return await add(write);
      } catch (error) {
        if (!database.isOpen) throw error;
        await new Promise((resolve) => setTimeout(resolve, againMs).unref());
      }
    }
  };
  return { flush, add, insist };
}
