import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { StorageError } from 'boxlite/backend';
import { keyLifetime } from '../wire/config.ts';
import type { Answer } from './answer.ts';
import type { Note } from './attempt.ts';
import type { Fingerprint } from './payload.ts';

/** Where a key is good: the same key of another principal or tenant is another one. */
export interface KeySlot {
  readonly principal: string;
  /** On whose quota it counts. */
  readonly root: string;
  readonly tenant: string;
  readonly key: string;
}

/** What is known of a request with a key; without an answer it never came to its end. */
export interface RequestRecord extends Fingerprint {
  readonly note: Note | undefined;
  readonly answer: Answer | undefined;
}

/** A request whose client left before the answer, and has not asked again since. */
export interface AbandonedRequest extends Fingerprint {
  readonly slot: KeySlot;
  readonly note: Note | undefined;
}

/** `StorageError` where the store cannot be written or read. */
export interface RequestRecords {
  get(slot: KeySlot): RequestRecord | undefined;
  note(slot: KeySlot, request: Fingerprint, note: Note): void;
  finish(slot: KeySlot, request: Fingerprint, answer: Answer): void;
  /** Says that the client has left, or that it is back, or what it asked for undone. */
  left(slot: KeySlot, isGone: boolean): void;
  /** Those whose client has left, as a former process may have said it. */
  abandoned(): readonly AbandonedRequest[];
}

export interface RequestRecordsOptions {
  /** How many keys of one root principal, with those of the keys that it made, are kept; the oldest make room. @default 250,000, about 100 MiB */
  readonly most?: number | undefined;
  /** @default Date.now */
  readonly nowMs?: (() => number) | undefined;
}

const schema = `
CREATE TABLE IF NOT EXISTS requests (
  principal TEXT NOT NULL, tenant TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL,
  head TEXT NOT NULL, body TEXT, note TEXT, answer TEXT,
  PRIMARY KEY (principal, tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS requests_by_age ON requests (at);
CREATE TABLE IF NOT EXISTS abandoned_requests (
  principal TEXT NOT NULL, tenant TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (principal, tenant, key)
) STRICT, WITHOUT ROWID;
`;

// Tables of the first version know of no root: what they have counts on who asked, until it expires.
const rootColumn = `
ALTER TABLE requests ADD COLUMN root TEXT NOT NULL DEFAULT '';
UPDATE requests SET root = principal;
DROP INDEX IF EXISTS requests_by_principal;
`;

// Old ones go a few with each new one, so that no request waits for a long sweep.
const sweptAtOnce = 16;

/** The requests of a store that had a key. */
export function requestRecords(database: DatabaseSync, options: RequestRecordsOptions = {}): RequestRecords {
  const { most = 250_000, nowMs = Date.now } = options;
  const lifetimeMs = keyLifetime.ms;
  database.exec(schema);
  const columns = database.prepare('PRAGMA table_info(requests)').all();
  if (!columns.some((column) => column['name'] === 'root')) database.exec(`BEGIN; ${rootColumn} COMMIT;`);
  database.exec('CREATE INDEX IF NOT EXISTS requests_by_root ON requests (root, at)');
  const get = database.prepare('SELECT * FROM requests WHERE principal = ? AND tenant = ? AND key = ? AND at > ?');
  const put = database.prepare(
    `INSERT INTO requests (principal, tenant, key, at, head, body, note, answer, root)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?10) ON CONFLICT (principal, tenant, key) DO UPDATE SET
     at = iif(at > ?9, at, excluded.at), head = excluded.head, body = excluded.body,
     note = coalesce(excluded.note, note), answer = excluded.answer`,
  );
  const expired = database.prepare(
    `DELETE FROM requests WHERE (principal, tenant, key) IN
     (SELECT principal, tenant, key FROM requests WHERE at <= ? ORDER BY at LIMIT ${sweptAtOnce}) RETURNING root`,
  );
  const oldest = database.prepare(
    `DELETE FROM requests WHERE (principal, tenant, key) IN
     (SELECT principal, tenant, key FROM requests WHERE root = ? ORDER BY at LIMIT ${sweptAtOnce})`,
  );
  const leave = database.prepare('INSERT OR IGNORE INTO abandoned_requests (principal, tenant, key) VALUES (?, ?, ?)');
  const back = database.prepare('DELETE FROM abandoned_requests WHERE principal = ? AND tenant = ? AND key = ?');
  const gone = database.prepare(
    'SELECT requests.* FROM abandoned_requests JOIN requests USING (principal, tenant, key)',
  );
  // Their requests had to make room: what is known of them went with those.
  database.exec(
    'DELETE FROM abandoned_requests WHERE (principal, tenant, key) NOT IN (SELECT principal, tenant, key FROM requests)',
  );
  const counts = new Map<string, number>();
  for (const row of database.prepare('SELECT root, count(*) AS n FROM requests GROUP BY root').all()) {
    counts.set(String(row['root']), Number(row['n']));
  }

  function count(root: string, added: number): number {
    const now = (counts.get(root) ?? 0) + added;
    if (now > 0) counts.set(root, now);
    else counts.delete(root);
    return now;
  }
  function makeRoom({ root }: KeySlot, now: number): void {
    for (const row of expired.all(now - lifetimeMs)) count(String(row['root']), -1);
    if (count(root, 1) > most) count(root, -Number(oldest.run(root).changes));
  }
  function write(slot: KeySlot, request: Fingerprint, note: Note | undefined, answer: Answer | undefined): void {
    const now = nowMs();
    const { principal, root, tenant, key } = slot;
    const from = now - lifetimeMs;
    if (get.get(principal, tenant, key, Number.MIN_SAFE_INTEGER) === undefined) makeRoom(slot, now);
    const texts = [note, answer].map((value) => (value === undefined ? null : JSON.stringify(value)));
    const [noteText = null, answerText = null] = texts;
    put.run(principal, tenant, key, now, request.head, request.body ?? null, noteText, answerText, from, root);
  }

  return {
    get({ principal, tenant, key }) {
      const row = stored(() => get.get(principal, tenant, key, nowMs() - lifetimeMs));
      return row && read(row);
    },
    note: (slot, request, note) => stored(() => write(slot, request, note, undefined)),
    finish: (slot, request, answer) => stored(() => write(slot, request, undefined, answer)),
    left: ({ principal, tenant, key }, isGone) =>
      stored(() => void (isGone ? leave : back).run(principal, tenant, key)),
    abandoned: () =>
      stored(() =>
        gone.all().map((row) => {
          const { head, body, note } = read(row);
          const [principal = '', root = '', tenant = '', key = ''] = ['principal', 'root', 'tenant', 'key'].map(
            (name) => String(row[name]),
          );
          return { slot: { principal, root, tenant, key }, head, body, note };
        }),
      ),
  };
}

/** What SQLite throws is the store's fault, not one of this program. */
function stored<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : cause;
    throw new StorageError(
      `the server's store, server.db, cannot be written or read: ${why}; free space or check its disk`,
      { cause },
    );
  }
}

function read(row: Record<string, SQLOutputValue>): RequestRecord {
  const { head, body, note, answer } = row;
  return {
    head: String(head),
    body: typeof body === 'string' ? body : undefined,
    note: typeof note === 'string' ? (JSON.parse(note) as Note) : undefined,
    answer: typeof answer === 'string' ? (JSON.parse(answer) as Answer) : undefined,
  };
}
