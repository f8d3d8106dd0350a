import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StorageError } from 'boxlite/backend';

/** What a server must still know after it was killed: answers to requests with a key, and the secret of its page tokens. */
export interface ServerStore {
  /** The open SQLite file. */
  readonly database: DatabaseSync;
  /** False where all is gone with the process. */
  readonly durable: boolean;
  /** 32 random bytes, the same for a name as long as the store lasts. */
  secret(name: string): Buffer;
  /** Twice is fine. */
  close(): void;
}

const schema = `
PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;
CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Opens the store in a file that only its owner may read, or one in memory that ends with the process. `StorageError`. */
export function openServerStore(path?: string): ServerStore {
  const database = opened(path);
  const put = database.prepare('INSERT OR IGNORE INTO secrets VALUES (?, ?)');
  const get = database.prepare('SELECT value FROM secrets WHERE name = ?');
  return {
    database,
    durable: path !== undefined,
    secret(name) {
      put.run(name, randomBytes(32));
      const value = get.get(name)?.['value'];
      if (value instanceof Uint8Array) return Buffer.from(value);
      throw new StorageError(`the server's store has lost the secret ${name}`);
    },
    close() {
      if (database.isOpen) database.close();
    },
  };
}

function opened(path = ':memory:'): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    // SQLite gives its other files the mode of this one.
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
    database = new DatabaseSync(path);
    database.exec(schema);
    return database;
  } catch (error) {
    database?.close();
    const why = error instanceof Error ? error.message : error;
    throw new StorageError(`cannot open the server's store ${path}: ${why}; free space or check its disk`, {
      cause: error,
    });
  }
}
