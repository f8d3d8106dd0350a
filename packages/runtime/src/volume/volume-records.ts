import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { VolumeInfo } from 'boxlite/backend';
import { statement } from '../store/statement.ts';

/** The managed volumes that a store knows. */
export interface VolumeRecords {
  insert(tenant: string, id: string, name: string, nowMs: number): void;
  /** Of one tenant, by id or name. */
  get(tenant: string, idOrName: string): VolumeInfo | undefined;
  /** Of one tenant, oldest first. */
  list(tenant: string): VolumeInfo[];
  /** The ids of every tenant's. */
  ids(): string[];
  used(id: string, nowMs: number): void;
  remove(id: string): void;
}

const columns = `(
  id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL, last_used_at INTEGER,
  UNIQUE (tenant, name)
) STRICT, WITHOUT ROWID`;

// Tables of the first version know of no tenant.
const step = `
BEGIN;
CREATE TABLE tenant_volumes ${columns};
INSERT INTO tenant_volumes SELECT id, 'default', name, created_at, last_used_at FROM volumes;
DROP TABLE volumes;
ALTER TABLE tenant_volumes RENAME TO volumes;
COMMIT;
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
  database.exec(`CREATE TABLE IF NOT EXISTS volumes ${columns}`);
  const known = database.prepare('PRAGMA table_info(volumes)').all();
  if (!known.some((column) => column['name'] === 'tenant')) database.exec(step);
  const insert = statement(database, 'INSERT INTO volumes (tenant, id, name, created_at) VALUES (?, ?, ?, ?)');
  const get = statement(
    database,
    `SELECT * FROM volumes WHERE id = ?2 AND tenant = ?1
     UNION ALL SELECT * FROM volumes WHERE name = ?2 AND tenant = ?1 LIMIT 1`,
  );
  const list = statement(database, 'SELECT * FROM volumes WHERE tenant = ? ORDER BY id');
  const ids = statement(database, 'SELECT id FROM volumes');
  const used = statement(database, 'UPDATE volumes SET last_used_at = ? WHERE id = ?');
  const remove = statement(database, 'DELETE FROM volumes WHERE id = ?');
  return {
    insert: (tenant, id, name, nowMs) => insert.run(tenant, id, name, nowMs),
    get(tenant, idOrName) {
      const row = get.get(tenant, idOrName);
      return row && read(row);
    },
    list: (tenant) => list.all(tenant).map(read),
    ids: () => ids.all().map((row) => String(row['id'])),
    used: (id, nowMs) => used.run(nowMs, id),
    remove: (id) => remove.run(id),
  };
}
