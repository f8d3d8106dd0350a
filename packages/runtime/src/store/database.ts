import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StorageError } from 'boxlite/backend';

// One step a version; a store of an older version goes through those that it lacks.
const steps = [
  `
CREATE TABLE boxes (
  id TEXT PRIMARY KEY,
  name TEXT UNIQUE,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  image TEXT NOT NULL,
  image_id TEXT,
  options TEXT NOT NULL,
  labels TEXT NOT NULL,
  rootfs TEXT NOT NULL,
  defaults TEXT NOT NULL,
  detached INTEGER NOT NULL,
  pid INTEGER,
  timing TEXT,
  commands INTEGER NOT NULL DEFAULT 0,
  exec_errors INTEGER NOT NULL DEFAULT 0,
  bytes_in INTEGER NOT NULL DEFAULT 0,
  bytes_out INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE executions (
  id TEXT PRIMARY KEY,
  box_id TEXT NOT NULL REFERENCES boxes (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  command TEXT NOT NULL,
  tty INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  exit TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX executions_by_box ON executions (box_id, id);
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`,
  `ALTER TABLE boxes ADD COLUMN history TEXT NOT NULL DEFAULT '{}';`,
  // A name is unique within its tenant, which takes another table: SQLite changes no constraint of one that is there.
  `
CREATE TABLE tenant_boxes (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  image TEXT NOT NULL,
  image_id TEXT,
  options TEXT NOT NULL,
  labels TEXT NOT NULL,
  rootfs TEXT NOT NULL,
  defaults TEXT NOT NULL,
  detached INTEGER NOT NULL,
  pid INTEGER,
  timing TEXT,
  commands INTEGER NOT NULL DEFAULT 0,
  exec_errors INTEGER NOT NULL DEFAULT 0,
  bytes_in INTEGER NOT NULL DEFAULT 0,
  bytes_out INTEGER NOT NULL DEFAULT 0,
  history TEXT NOT NULL DEFAULT '{}',
  UNIQUE (tenant, name)
) STRICT, WITHOUT ROWID;
INSERT INTO tenant_boxes SELECT id, 'default', name, status, created_at, updated_at, image, image_id, options, labels,
  rootfs, defaults, detached, pid, timing, commands, exec_errors, bytes_in, bytes_out, history FROM boxes;
DROP TABLE boxes;
ALTER TABLE tenant_boxes RENAME TO boxes;
CREATE INDEX boxes_by_tenant ON boxes (tenant, id);
CREATE TABLE tenant_counters (
  tenant TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
INSERT INTO tenant_counters SELECT 'default', name, value FROM counters;
DROP TABLE counters;
ALTER TABLE tenant_counters RENAME TO counters;
`,
  'ALTER TABLE executions ADD COLUMN output TEXT;',
];

/** Opens the store of a home directory, made or brought up to date where needed. `StorageError`. */
export function openDatabase(path: string): DatabaseSync {
  let opened: DatabaseSync | undefined;
  try {
    // The environments of boxes are in it. What SQLite puts beside it gets the same mode, but not what a kill has left there.
    if (path !== ':memory:') {
      closeSync(openSync(path, 'a', 0o600));
      for (const beside of ['', '-wal', '-shm']) if (existsSync(path + beside)) chmodSync(path + beside, 0o600);
    }
    // A table that is replaced would take with it all that refers to it: the constraints come after the steps.
    const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    opened = database;
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;');
    const found = database.prepare('PRAGMA user_version').get()?.['user_version'];
    if (typeof found !== 'number' || found > steps.length) {
      throw new StorageError(
        `the store ${path} has version ${found}, this BoxLite reads version ${steps.length}; use the BoxLite that made it or another home directory`,
      );
    }
    if (found < steps.length) {
      const lacking = steps.slice(found).join('\n');
      database.exec(`BEGIN; ${lacking} PRAGMA user_version = ${steps.length}; COMMIT;`);
    }
    database.exec('PRAGMA foreign_keys = ON');
    return database;
  } catch (error) {
    opened?.close();
    if (error instanceof StorageError) throw error;
    throw new StorageError(
      `cannot open the store ${path}: ${error instanceof Error ? error.message : error}; free space or check its disk`,
      {
        cause: error,
      },
    );
  }
}
