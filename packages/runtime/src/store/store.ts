import type { DatabaseSync } from 'node:sqlite';
import { Notifier } from '../execution/notifier.ts';
import { type BoxRecords, boxRecords } from './box-records.ts';
import { type Counters, counters } from './counters.ts';
import { openDatabase } from './database.ts';
import { type EventRecords, eventRecords } from './event-records.ts';
import { type ExecutionRecords, executionRecords } from './execution-records.ts';
import { type SpareSpace, spareSpace } from './spare-space.ts';
import { statement } from './statement.ts';
import { type WriteQueue, writeQueue } from './write-queue.ts';

/** Everything a runtime remembers, in one SQLite file. */
export interface Store {
  readonly database: DatabaseSync;
  readonly boxes: BoxRecords;
  readonly executions: ExecutionRecords;
  readonly counters: Counters;
  readonly later: WriteQueue;
  readonly events: EventRecords;
  /** Told of every change of a box. */
  readonly changed: Notifier;
  /** For the removal of boxes, which takes it by itself. */
  readonly spare: SpareSpace;
  /** `StorageError` when it cannot be written, as on a full disk. */
  assertWritable(): void;
  close(): void;
}

/** Opens the store at a path. `StorageError`. */
export function openStore(path: string): Store {
  const spare = spareSpace(`${path}-spare`);
  // Also on a full disk: what frees space begins with this.
  const database = spare.use(() => openDatabase(path));
  const later = writeQueue(database);
  const changed = new Notifier();
  const events = eventRecords(database);
  database.exec('CREATE TABLE IF NOT EXISTS write_probe (one INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT');
  const probe = statement(database, 'INSERT OR REPLACE INTO write_probe VALUES (1, ?)');
  spare.keep();
  const boxes = boxRecords(database, () => changed.notify());
  return {
    database,
    boxes: { ...boxes, remove: (id) => spare.use(() => boxes.remove(id)) },
    spare,
    events,
    changed,
    assertWritable: () => probe.run(Date.now()),
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
