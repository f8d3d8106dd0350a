import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Jwks } from '@boxlite/api';

/** A key to sign with. */
export interface SigningKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/** How a signing key is replaced. */
export interface RotateOptions {
  /** Also ends the tokens that former keys signed. @default false */
  readonly endTokens?: boolean;
}

/** The Ed25519 keys that access tokens are signed with: one that signs, and those that did. */
export interface SigningKeys {
  /** The one that signs; made when there is none yet. */
  current(): SigningKey;
  /** The public key of that name, as long as what it signed is taken. */
  publicKey(kid: string): KeyObject | undefined;
  /** All public keys that count, as a JSON Web Key Set (RFC 7517). */
  jwks(): Jwks;
  /** Makes a new key that signs from now on. Tokens of the former ones stay good until they expire, or end now with `endTokens`. */
  rotate(options?: RotateOptions): string;
}

// No token lives longer: what a key signed before it was replaced has expired by then.
const keptMs = 30 * 24 * 3600 * 1000;

/** The signing keys of an open file; `nowMs` is the clock. */
export function signingKeys(database: DatabaseSync, nowMs: () => number): SigningKeys {
  const insert = database.prepare('INSERT INTO signing_keys (kid, private_key, created_at) VALUES (?, ?, ?)');
  const newest = database.prepare(
    'SELECT kid, private_key FROM signing_keys WHERE retired_at IS NULL ORDER BY created_at DESC, kid LIMIT 1',
  );
  const retire = database.prepare('UPDATE signing_keys SET retired_at = ? WHERE retired_at IS NULL');
  const drop = database.prepare('DELETE FROM signing_keys WHERE retired_at < ?');
  const one = database.prepare('SELECT private_key FROM signing_keys WHERE kid = ?');
  const all = database.prepare('SELECT kid FROM signing_keys ORDER BY created_at, kid');
  // Another process may end a key at any time: only what a key is, is remembered, never that it counts.
  const opened = new Map<string, { readonly key: KeyObject; readonly publicKey: KeyObject }>();

  function open(kid: string, pem: string): { readonly key: KeyObject; readonly publicKey: KeyObject } {
    const known = opened.get(kid);
    if (known) return known;
    const key = createPrivateKey(pem);
    const made = { key, publicKey: createPublicKey(key) };
    opened.set(kid, made);
    return made;
  }
  function make(): void {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    insert.run(randomBytes(9).toString('base64url'), pem.toString(), nowMs());
  }
  function atomically(work: () => void): void {
    database.exec('BEGIN IMMEDIATE');
    try {
      work();
      database.exec('COMMIT');
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  }
  function current(): SigningKey {
    const found = newest.get();
    if (found) {
      const kid = String(found['kid']);
      return { kid, key: open(kid, String(found['private_key'])).key };
    }
    atomically(() => {
      if (!newest.get()) make();
    });
    return current();
  }
  function publicKey(kid: string): KeyObject | undefined {
    const found = one.get(kid);
    return found && open(kid, String(found['private_key'])).publicKey;
  }
  return {
    current,
    publicKey,
    jwks() {
      current();
      const keys = all.all().map((row) => {
        const kid = String(row['kid']);
        return { ...publicKey(kid)?.export({ format: 'jwk' }), kid, kty: 'OKP', alg: 'EdDSA', use: 'sig' };
      });
      return { keys };
    },
    rotate({ endTokens = false } = {}) {
      atomically(() => {
        const now = nowMs();
        retire.run(now);
        drop.run(endTokens ? Number.MAX_SAFE_INTEGER : now - keptMs);
        make();
      });
      return current().kid;
    },
  };
}
