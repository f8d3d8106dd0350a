import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { permissions, scopes } from '@boxlite/api';
import { openLocal } from '@boxlite/runtime';
import { type App, createApp, type Identity, openIdentity, permissionsNamed } from '@boxlite/server';
import type { RuntimeBackend } from 'boxlite/backend';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SpecOperation, specOperations } from './operations.ts';

let dir: string;
let backend: RuntimeBackend;
let identity: Identity;
let app: App;
/** The same server two hours later. */
let later: App;
/** What is in the holes of paths: everything of the tenant `a`. */
const holes: Record<string, string> = {};
const bearers: Record<'owner' | 'intruder' | 'revokedKey' | 'expiringKey' | 'expiringToken' | 'revokedToken', string> =
  {
    ...{ owner: '', intruder: '', revokedKey: '', expiringKey: '', expiringToken: '', revokedToken: '' },
  };

async function key(name: string, tenant: string, names: readonly string[] = permissions, expiresAtMs?: number) {
  const held = permissionsNamed(names);
  return identity.createKey({ name, tenants: [tenant], permissions: held, createdBy: 'test', expiresAtMs });
}

async function token(name: string, names: readonly string[] = scopes): Promise<string> {
  const held = permissionsNamed(names);
  const made = await identity.createClient({ name, tenants: ['a'], permissions: held, createdBy: 'test' });
  const { secret, credential } = made;
  const body = new URLSearchParams({
    ...{ grant_type: 'client_credentials', client_id: credential.id, client_secret: secret },
  });
  const response = await app.fetch(new Request('http://server/v1/oauth/tokens', { method: 'POST', body }));
  return Object(await response.json()).access_token;
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'boxlite-matrix-'));
  backend = await openLocal({ homeDir: join(dir, 'home') });
  identity = openIdentity(join(dir, 'home/identity.db'));
  const auth = { identity };
  app = createApp(backend, { auth });
  later = createApp(backend, { auth, nowMs: () => Date.now() + 2 * 3600 * 1000 });
  const mine = backend.tenant('a');
  await mkdir(join(dir, 'root/etc'), { recursive: true });
  await writeFile(join(dir, 'root/etc/name'), 'secret');
  const image = await mine.images.import(join(dir, 'root'), 'secret');
  const box = await mine.create({ image: 'boxlite/base:latest', autoRemove: false }, 'web');
  await (await box.exec({ command: 'mkdir', args: ['-p', '/work/src'] })).wait();
  const execution = await box.exec({ command: 'sleep', args: ['600'] });
  const snapshot = await box.snapshots.create('before-upgrade');
  const volume = await mine.volumes.create('data');
  await key('build', 'a');
  Object.assign(holes, {
    box_id: box.id,
    execution_id: execution.id,
    snapshot_name: snapshot.name,
    digest: image.id,
    volume_id: volume.id,
    key_name: 'build',
  });
  bearers.owner = (await key('owner', 'a')).value;
  bearers.intruder = (await key('intruder', 'b')).value;
  bearers.expiringKey = (await key('expiring', 'a', permissions, Date.now() + 3600 * 1000)).value;
  bearers.expiringToken = await token('expiring');
  bearers.revokedToken = await token('revoked');
  identity.revoke('client', 'revoked');
  const revoked = await key('revoked', 'a');
  bearers.revokedKey = revoked.value;
  identity.revoke('key', revoked.credential.id);
}, 60_000);

afterAll(async () => {
  await backend.tenant('a').remove('web', { force: true });
  await backend.shutdown();
  identity.close();
  await rm(dir, { recursive: true, force: true });
});

async function statusOf(operation: SpecOperation, tenant: string, bearer: string, server: App = app): Promise<number> {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, hole: string) => {
    const value = hole === 'prefix' ? tenant : holes[hole];
    if (value === undefined) throw new Error(`this test must learn what {${hole}} is, for ${operation.id}`);
    return value;
  });
  const { method, query, body, webSocket } = operation;
  const handshake = {
    ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const request = new Request(`http://server${path}${query}`, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(body && { 'content-type': body.type }),
      ...(webSocket && handshake),
    },
    ...(body && { body: body.text }),
  });
  const response = await server.fetch(request, webSocket ? {} : undefined);
  await response.body?.cancel();
  return response.status;
}

// One for each scope and not for each operation: each costs a look at its secret.
const lacking = new Map<string, Promise<string>>();
function once(name: string, make: (name: string) => Promise<string>): Promise<string> {
  const made = lacking.get(name) ?? make(name);
  lacking.set(name, made);
  return made;
}
const keyWithout = (permission: string): Promise<string> =>
  once(`key without ${permission}`, async (name) => {
    const others = permissions.filter((one) => one !== permission);
    return (await key(name, 'a', others)).value;
  });
const tokenWithout = (scope: string): Promise<string> =>
  once(`token without ${scope}`, (name) =>
    token(
      name,
      scopes.filter((one) => one !== scope),
    ),
  );

const guarded = specOperations.filter((operation) => operation.guarded);
const inTenant = guarded.filter(({ path }) => path.includes('{prefix}'));

test('the contract has operations, and those without a credential are these', () => {
  expect(specOperations.length).toBeGreaterThan(45);
  expect(specOperations.filter((one) => !one.guarded).map(({ id }) => id)).toEqual(
    expect.arrayContaining(['getConfig', 'getToken', 'getJwks', 'streamTunnel']),
  );
  expect(specOperations.filter((one) => !one.guarded)).toHaveLength(4);
  expect(guarded.filter((one) => !inTenant.includes(one)).map(({ id }) => id)).toEqual(['getMe']);
});

describe.each(inTenant)('$id', (operation) => {
  test('in another tenant is 404', async () => {
    expect(await statusOf(operation, 'a', bearers.intruder)).toBe(404);
    expect(await statusOf(operation, 'nobody', bearers.intruder)).toBe(404);
  });

  test('on what another tenant has is 404 in one’s own', async () => {
    if (!/\{(?!prefix)/.test(operation.path)) return;
    // Another's name is free in one's own: what is asked for is made, where its image can be had.
    if (operation.id === 'getOrCreateBox') {
      expect([201, 502]).toContain(await statusOf(operation, 'b', bearers.intruder));
      return;
    }
    for (const own of ['b', 'default']) expect(await statusOf(operation, own, bearers.intruder)).toBe(404);
  });

  test('without its scope is 403, in either spelling', async () => {
    const { scope = '', permission = '' } = operation;
    expect(await statusOf(operation, 'a', await keyWithout(permission))).toBe(403);
    expect(await statusOf(operation, 'default', await tokenWithout(scope))).toBe(403);
  });
});

test.each(guarded)('$id with a credential that has expired or is revoked is 401', async (operation) => {
  expect(await statusOf(operation, 'a', bearers.expiringToken, later)).toBe(401);
  expect(await statusOf(operation, 'a', bearers.expiringKey, later)).toBe(401);
  expect(await statusOf(operation, 'a', bearers.revokedKey)).toBe(401);
  expect(await statusOf(operation, 'a', bearers.revokedToken)).toBe(401);
});

test.each(guarded.filter(({ method }) => method === 'GET' || method === 'HEAD'))(
  '$id is there for whom it belongs to, untouched',
  async (operation) => {
    for (const bearer of [bearers.owner, bearers.expiringKey, bearers.expiringToken]) {
      expect([401, 403, 404]).not.toContain(await statusOf(operation, 'a', bearer));
    }
  },
);

test('another tenant makes nothing of one’s volumes or images, and sees none of the counters', async () => {
  const other = backend.tenant('b');
  const volumes = [{ volume: 'data', guestPath: '/data' }];
  const base = { image: 'boxlite/base:latest' };
  await expect(other.create({ ...base, volumes }, undefined)).rejects.toMatchObject({ code: 'invalid_argument' });
  await expect(other.create({ image: holes['digest'] ?? '' }, undefined)).rejects.toMatchObject({
    code: 'image_failed',
  });
  expect((await other.list()).boxes).toEqual([]);
  expect(await other.metrics()).toMatchObject({ boxesCreatedTotal: 0, numRunningBoxes: 0, totalCommandsExecuted: 0 });
  expect(await backend.tenant('a').metrics()).toMatchObject({ boxesCreatedTotal: 1, numRunningBoxes: 1 });
});
