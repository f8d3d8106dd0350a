import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StorageError } from 'boxlite/backend';

// One step a version; a file of an older version goes through those that it lacks.
const steps = [
  `
CREATE TABLE credentials (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('client', 'key')),
  name TEXT NOT NULL,
  owner TEXT NOT NULL,
  tenants TEXT,
  permissions TEXT NOT NULL,
  hash TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX credentials_by_name ON credentials (kind, owner, name) WHERE revoked_at IS NULL;
CREATE TABLE signing_keys (
  kid TEXT PRIMARY KEY,
  private_key TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  retired_at INTEGER
) STRICT, WITHOUT ROWID;
`,
  'ALTER TABLE credentials ADD COLUMN root TEXT;',
];

/**
 * Opens the file with credentials and signing keys, which only its owner may read; `:memory:` keeps them in this process.
 * Any number of processes may have it open at a time. `StorageError`.
 */
export function openIdentityDatabase(path: string): DatabaseSync {
  try {
    if (path !== ':memory:') {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      closeSync(openSync(path, 'a', 0o600));
    }
    const database = new DatabaseSync(path);
    // What is revoked stays so after a power cut: unlike the boxes, this is worth a flush.
    database.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    bringUpToDate(database, path);
    return database;
  } catch (error) {
    if (error instanceof StorageError) throw error;
    throw new StorageError(`cannot open ${path}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

function bringUpToDate(database: DatabaseSync, path: string): void {
  // Two processes may open a new file at once.
  database.exec('BEGIN IMMEDIATE');
  const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (found > steps.length) {
    database.close();
    throw new StorageError(`${path} has version ${found}, this BoxLite reads version ${steps.length}; use a newer one`);
  }
  database.exec(`${steps.slice(found).join('\n')} PRAGMA user_version = ${steps.length}; COMMIT;`);
}
