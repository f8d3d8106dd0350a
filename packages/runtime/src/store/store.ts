import type { DatabaseSync } from 'node:sqlite';
import { type BoxRecords, boxRecords } from './box-records.ts';
import { type Counters, counters } from './counters.ts';
import { openDatabase } from './database.ts';
import { type ExecutionRecords, executionRecords } from './execution-records.ts';
import { type WriteQueue, writeQueue } from './write-queue.ts';

/** Everything a runtime remembers, in one SQLite file. */
export interface Store {
  readonly database: DatabaseSync;
  readonly boxes: BoxRecords;
  readonly executions: ExecutionRecords;
  readonly counters: Counters;
  readonly later: WriteQueue;
  close(): void;
}

/** Opens the store at a path. `StorageError`. */
export function openStore(path: string): Store {
  const database = openDatabase(path);
  const later = writeQueue(database);
  return {
    database,
    boxes: boxRecords(database),
    executions: executionRecords(database),
    counters: counters(database),
    later,
    close() {
      if (!database.isOpen) return;
      later.flush();
      database.close();
    },
  };
}
