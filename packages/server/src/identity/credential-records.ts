import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { type Permission, permissions } from '@boxlite/api';
import type { Credential } from './credential.ts';

/** The credentials of a file. Revoked ones stay, so that what they did can be told. */
export interface CredentialRecords {
  insert(credential: Credential, hash: string): void;
  get(id: string): Credential | undefined;
  hash(id: string): string | undefined;
  /** Those that are not revoked, oldest first: of an owner, or of all. */
  list(kind: Credential['kind'], owner: string | undefined): Credential[];
  revoke(id: string, nowMs: number): void;
  used(id: string, nowMs: number): void;
}

type Row = Record<string, SQLOutputValue>;

function time(value: SQLOutputValue | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}

function read(row: Row): Credential {
  const held: unknown[] = JSON.parse(String(row['permissions']));
  const tenants = row['tenants'] === null ? undefined : JSON.parse(String(row['tenants']));
  return {
    id: String(row['id']),
    kind: row['kind'] === 'client' ? 'client' : 'key',
    name: String(row['name']),
    owner: String(row['owner']),
    tenants: Array.isArray(tenants) ? tenants.map(String) : undefined,
    permissions: new Set(permissions.filter((one: Permission) => held.includes(one))),
    createdAtMs: Number(row['created_at']),
    createdBy: String(row['created_by']),
    root: String(row['root'] ?? row['id']),
    expiresAtMs: time(row['expires_at']),
    revokedAtMs: time(row['revoked_at']),
    usedAtMs: time(row['used_at']),
  };
}

/** The credentials of an open file. */
export function credentialRecords(database: DatabaseSync): CredentialRecords {
  const insert = database.prepare(
    `INSERT INTO credentials (id, kind, name, owner, tenants, permissions, hash, created_at, created_by, expires_at, root)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const get = database.prepare('SELECT * FROM credentials WHERE id = ?');
  const list = database.prepare(
    `SELECT * FROM credentials WHERE kind = ?1 AND (?2 IS NULL OR owner = ?2) AND revoked_at IS NULL
     ORDER BY created_at, id`,
  );
  const revoke = database.prepare('UPDATE credentials SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL');
  const used = database.prepare('UPDATE credentials SET used_at = ? WHERE id = ?');
  return {
    insert({ id, kind, name, owner, tenants, permissions: held, createdAtMs, createdBy, expiresAtMs, root }, hash) {
      const [where, what] = [tenants ? JSON.stringify(tenants) : null, JSON.stringify([...held])];
      insert.run(id, kind, name, owner, where, what, hash, createdAtMs, createdBy, expiresAtMs ?? null, root);
    },
    get(id) {
      const row = get.get(id);
      return row && read(row);
    },
    hash(id) {
      const hash = get.get(id)?.['hash'];
      return typeof hash === 'string' ? hash : undefined;
    },
    list: (kind, owner) => list.all(kind, owner ?? null).map(read),
    revoke: (id, nowMs) => void revoke.run(nowMs, id),
    used: (id, nowMs) => void used.run(nowMs, id),
  };
}
