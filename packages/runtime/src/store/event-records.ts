import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { BoxEvent, BoxEventType } from 'boxlite/backend';
import { statement } from './statement.ts';

/** An event as the store keeps it: without the history that its id begins with. */
export interface EventRecord extends Omit<BoxEvent, 'id'> {
  readonly sequence: number;
}

/** What became of boxes, the last 10,000 changes of each tenant's. Written by the store itself, with the change or not at all. */
export interface EventRecords {
  /** Names this history: another store has another. */
  readonly history: string;
  /** The sequence of a tenant's last event; 0 before the first. Each tenant's are its own: nobody counts another's. */
  newest(tenant: string): number;
  /** Whether everything of a tenant after a sequence is still there. */
  reaches(tenant: string, sequence: number): boolean;
  /** Of a tenant after a sequence, oldest first, at most 200; of one box, by its id or name, where one is given. */
  after(tenant: string, sequence: number, box: string | undefined): readonly EventRecord[];
}

/** How many changes are kept of each tenant. */
const kept = 10_000;

// The last one is always kept, so that no number is given twice.
const next = (row: string): string =>
  `(SELECT coalesce(max(sequence), 0) + 1 FROM events WHERE tenant = ${row}.tenant)`;

const schema = `
CREATE TABLE IF NOT EXISTS event_history (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL) STRICT;
INSERT OR IGNORE INTO event_history VALUES (1, lower(hex(randomblob(8))));
CREATE TABLE IF NOT EXISTS events (
  tenant TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  box_id TEXT NOT NULL,
  name TEXT,
  exit_code INTEGER,
  error_message TEXT,
  PRIMARY KEY (tenant, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events_gone (tenant TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS events_kept AFTER INSERT ON events BEGIN
  DELETE FROM events WHERE tenant = NEW.tenant AND sequence <= (
    SELECT sequence FROM events WHERE tenant = NEW.tenant ORDER BY sequence DESC LIMIT 1 OFFSET ${kept});
END;
CREATE TRIGGER IF NOT EXISTS event_gone AFTER DELETE ON events BEGIN
  INSERT INTO events_gone VALUES (OLD.tenant, OLD.sequence)
  ON CONFLICT (tenant) DO UPDATE SET sequence = max(sequence, OLD.sequence);
END;
CREATE TRIGGER IF NOT EXISTS box_created AFTER INSERT ON boxes BEGIN
  INSERT INTO events (tenant, sequence, at, type, box_id, name)
  VALUES (NEW.tenant, ${next('NEW')}, NEW.created_at, 'created', NEW.id, NEW.name);
END;
CREATE TRIGGER IF NOT EXISTS box_turned AFTER UPDATE OF status ON boxes WHEN OLD.status <> NEW.status BEGIN
  INSERT INTO events (tenant, sequence, at, type, box_id, name, exit_code, error_message) VALUES (
    NEW.tenant, ${next('NEW')}, NEW.updated_at,
    CASE NEW.status WHEN 'running' THEN iif(OLD.status = 'paused', 'resumed', 'started') ELSE NEW.status END,
    NEW.id, NEW.name, json_extract(NEW.history, '$.exitCode'), json_extract(NEW.history, '$.errorMessage'));
END;
CREATE TRIGGER IF NOT EXISTS box_removed AFTER DELETE ON boxes BEGIN
  INSERT INTO events (tenant, sequence, at, type, box_id, name)
  VALUES (OLD.tenant, ${next('OLD')}, CAST(unixepoch('subsec') * 1000 AS INTEGER), 'removed', OLD.id, OLD.name);
END;`;

function read(row: Record<string, SQLOutputValue>): EventRecord {
  return {
    sequence: Number(row['sequence']),
    type: String(row['type']) as BoxEventType,
    at: new Date(Number(row['at'])),
    boxId: String(row['box_id']),
    boxName: row['name'] === null ? undefined : String(row['name']),
    exitCode: row['exit_code'] === null ? undefined : Number(row['exit_code']),
    errorMessage: row['error_message'] === null ? undefined : String(row['error_message']),
  };
}

/** The events of a store, whose boxes must be there. */
export function eventRecords(database: DatabaseSync): EventRecords {
  database.exec(schema);
  const history = String(database.prepare('SELECT name FROM event_history').get()?.['name']);
  const newest = statement(database, 'SELECT max(sequence) AS n FROM events WHERE tenant = ?');
  const gone = statement(database, 'SELECT sequence AS n FROM events_gone WHERE tenant = ?');
  const after = statement(
    database,
    `SELECT * FROM events WHERE tenant = ?1 AND sequence > ?2 AND (?3 IS NULL OR box_id = ?3 OR name = ?3)
     ORDER BY sequence LIMIT 200`,
  );
  return {
    history,
    newest: (tenant) => Number(newest.get(tenant)?.['n'] ?? 0),
    reaches: (tenant, sequence) => sequence >= Number(gone.get(tenant)?.['n'] ?? 0),
    after: (tenant, sequence, box) => after.all(tenant, sequence, box ?? null).map(read),
  };
}
