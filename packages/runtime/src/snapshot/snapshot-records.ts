import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { SnapshotInfo } from 'boxlite/backend';
import { statement } from '../store/statement.ts';

/** The snapshots that a store knows; they go with their box. */
export interface SnapshotRecords {
  insert(snapshot: SnapshotInfo): void;
  get(boxId: string, name: string): SnapshotInfo | undefined;
  /** Of one box, oldest first. */
  list(boxId: string): SnapshotInfo[];
  remove(id: string): void;
}

const schema = `
CREATE TABLE IF NOT EXISTS snapshots (
  id TEXT PRIMARY KEY,
  box_id TEXT NOT NULL REFERENCES boxes (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  container_disk_bytes INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  UNIQUE (box_id, name)
) STRICT, WITHOUT ROWID;
`;

function read(row: Record<string, SQLOutputValue>): SnapshotInfo {
  return {
    id: String(row['id']),
    boxId: String(row['box_id']),
    name: String(row['name']),
    createdAt: new Date(Number(row['created_at'])),
    containerDiskBytes: Number(row['container_disk_bytes']),
    sizeBytes: Number(row['size_bytes']),
  };
}

/** Makes the table where it is missing. */
export function snapshotRecords(database: DatabaseSync): SnapshotRecords {
  database.exec(schema);
  const insert = statement(database, 'INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?)');
  const get = statement(database, 'SELECT * FROM snapshots WHERE box_id = ? AND name = ?');
  const list = statement(database, 'SELECT * FROM snapshots WHERE box_id = ? ORDER BY id');
  const remove = statement(database, 'DELETE FROM snapshots WHERE id = ?');
  return {
    insert: ({ id, boxId, name, createdAt, containerDiskBytes, sizeBytes }) =>
      insert.run(id, boxId, name, createdAt.getTime(), containerDiskBytes, sizeBytes),
    get(boxId, name) {
      const row = get.get(boxId, name);
      return row && read(row);
    },
    list: (boxId) => list.all(boxId).map(read),
    remove: (id) => remove.run(id),
  };
}
