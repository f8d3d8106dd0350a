import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Permission } from '@boxlite/api';
import { AlreadyExistsError, InvalidArgumentError, NotFoundError } from 'boxlite/backend';
import { expect, onTestFinished, test } from 'vitest';
import { keyParts, openIdentity } from './identity.ts';

const permissions: ReadonlySet<Permission> = new Set(['box:read', 'box:exec']);
const one = { name: 'ci', tenants: ['a'], permissions, createdBy: 'test' };

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), 'boxlite-identity-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'home/identity.db');
}

test('a key is kept without its secret, and what one process makes or revokes another sees at once', async () => {
  const path = file();
  using server = openIdentity(path);
  using tool = openIdentity(path);
  const { credential, value } = await tool.createKey(one);
  expect(value).toMatch(/^blk_live_[0-9a-f]{16}[\w-]{32}$/);
  const { id = '', secret = '' } = keyParts(value) ?? {};
  expect(server.get(id)).toEqual(credential);
  expect(await server.matches(id, secret)).toBe(true);
  expect(await server.matches(id, `${secret.slice(1)}x`)).toBe(false);
  expect(await server.matches('key-unknown', secret)).toBe(false);
  expect(server.get(id)?.usedAtMs).toBeTypeOf('number');
  expect(tool.revoke('key', 'ci', 'a').id).toBe(id);
  expect(server.get(id)?.revokedAtMs).toBeTypeOf('number');
  expect(server.list('key')).toEqual([]);
});

test('the file and what SQLite lays beside it are for their owner alone, and hold no secret', async () => {
  const path = file();
  using identity = openIdentity(path);
  const { secret } = await identity.createClient(one);
  for (const end of ['', '-wal', '-shm']) expect(statSync(path + end).mode & 0o777).toBe(0o600);
  const { readFileSync } = await import('node:fs');
  expect(readFileSync(`${path}-wal`).includes(secret)).toBe(false);
});

test('a name is taken once by each owner until it is revoked; one that owners share is revoked by id', async () => {
  using identity = openIdentity(':memory:');
  const first = (await identity.createKey(one)).credential;
  await expect(identity.createKey(one)).rejects.toThrow(AlreadyExistsError);
  await identity.createKey({ ...one, tenants: ['b'] });
  const shared = (await identity.createKey({ ...one, tenants: ['a', 'b'] })).credential;
  const everywhere = await identity.createKey({ ...one, name: 'all', tenants: undefined });
  expect([first.owner, shared.owner, everywhere.credential.owner]).toEqual(['a', '*', '*']);
  expect(() => identity.revoke('key', 'ci')).toThrow(InvalidArgumentError);
  expect(() => identity.revoke('key', shared.id, 'a')).toThrow(NotFoundError);
  expect(() => identity.revoke('client', 'ci', 'a')).toThrow(NotFoundError);
  identity.revoke('key', first.id);
  await identity.createKey(one);
  await expect(identity.createKey({ ...one, tenants: ['boxes'] })).rejects.toThrow(InvalidArgumentError);
  await expect(identity.createKey({ ...one, tenants: [] })).rejects.toThrow(InvalidArgumentError);
});

test('signing keys outlive the process; a rotation keeps the former ones to check by, unless their tokens shall end', () => {
  const path = file();
  const first = ((): string => {
    using identity = openIdentity(path);
    return identity.signingKeys.current().kid;
  })();
  using identity = openIdentity(path);
  using other = openIdentity(path);
  expect(identity.signingKeys.current().kid).toBe(first);
  const second = other.signingKeys.rotate();
  expect(identity.signingKeys.current().kid).toBe(second);
  expect(identity.signingKeys.publicKey(first)).toBeDefined();
  const { keys } = identity.signingKeys.jwks();
  expect(keys.map(({ kid }) => kid).toSorted()).toEqual([first, second].toSorted());
  for (const key of keys)
    expect(key).toMatchObject({ kty: 'OKP', alg: 'EdDSA', crv: 'Ed25519', x: expect.any(String) });
  expect(JSON.stringify(keys)).not.toContain('"d"');
  const third = other.signingKeys.rotate({ endTokens: true });
  expect(identity.signingKeys.publicKey(first)).toBeUndefined();
  expect(identity.signingKeys.publicKey(second)).toBeUndefined();
  expect(identity.signingKeys.jwks().keys.map(({ kid }) => kid)).toEqual([third]);
});

test('a key that was replaced 30 days ago goes with the next rotation', () => {
  let nowMs = 1_000_000;
  using identity = openIdentity(':memory:', () => nowMs);
  const first = identity.signingKeys.current().kid;
  identity.signingKeys.rotate();
  nowMs += 31 * 24 * 3600 * 1000;
  identity.signingKeys.rotate();
  expect(identity.signingKeys.publicKey(first)).toBeUndefined();
  expect(identity.signingKeys.jwks().keys).toHaveLength(2);
});
