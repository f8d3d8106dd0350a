import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { VolumeInfo } from 'boxlite/backend';
import { statement } from '../store/statement.ts';

/** The managed volumes that a store knows. */
export interface VolumeRecords {
  insert(id: string, name: string, nowMs: number): void;
  get(idOrName: string): VolumeInfo | undefined;
  /** Oldest first. */
  list(): VolumeInfo[];
  used(id: string, nowMs: number): void;
  remove(id: string): void;
}

const schema = `
CREATE TABLE IF NOT EXISTS volumes (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, last_used_at INTEGER
) STRICT, WITHOUT ROWID;
`;

function read(row: Record<string, SQLOutputValue>): VolumeInfo {
  const createdAt = new Date(Number(row['created_at']));
  return {
    id: String(row['id']),
    name: String(row['name']),
    state: 'ready',
    createdAt,
    updatedAt: createdAt,
    lastUsedAt: row['last_used_at'] === null ? undefined : new Date(Number(row['last_used_at'])),
  };
}

/** Makes the table where it is missing. */
export function volumeRecords(database: DatabaseSync): VolumeRecords {
  database.exec(schema);
  const insert = statement(database, 'INSERT INTO volumes (id, name, created_at) VALUES (?, ?, ?)');
  const get = statement(
    database,
    'SELECT * FROM volumes WHERE id = ?1 UNION ALL SELECT * FROM volumes WHERE name = ?1 LIMIT 1',
  );
  const list = statement(database, 'SELECT * FROM volumes ORDER BY id');
  const used = statement(database, 'UPDATE volumes SET last_used_at = ? WHERE id = ?');
  const remove = statement(database, 'DELETE FROM volumes WHERE id = ?');
  return {
    insert: (id, name, nowMs) => insert.run(id, name, nowMs),
    get(idOrName) {
      const row = get.get(idOrName);
      return row && read(row);
    },
    list: () => list.all().map(read),
    used: (id, nowMs) => used.run(nowMs, id),
    remove: (id) => remove.run(id),
  };
}
