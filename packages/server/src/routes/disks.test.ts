import { box, listSnapshotsResponse, listVolumesResponse, read, sandboxConfig, snapshot, volume } from '@boxlite/api';
import { expect, test } from 'vitest';
import { testServer } from '../testing/test-server.ts';

const boxes = '/v1/default/boxes';
const volumes = '/v1/default/volumes';

test('a snapshot is taken, listed, found, put back and removed in the words of the wire', async () => {
  const { ask, backend } = testServer();
  const { id } = await backend.create({}, 'a');
  const taken = await ask('POST', `${boxes}/a/snapshots`, { json: { name: 'one' } });
  expect([taken.status, taken.headers.get('location')]).toEqual([201, `${boxes}/${id}/snapshots/one`]);
  const made = read(snapshot, await taken.json());
  expect(made).toMatchObject({ box_id: id, name: 'one', created_at: 1, container_disk_bytes: 2, size_bytes: 1 });
  expect(read(listSnapshotsResponse, await (await ask('GET', `${boxes}/a/snapshots`)).json()).snapshots).toEqual([
    made,
  ]);
  expect(await (await ask('GET', `${boxes}/a/snapshots/one`)).json()).toEqual(made);
  expect((await ask('POST', `${boxes}/a/snapshots/one/restore`)).status).toBe(204);
  expect((await ask('POST', `${boxes}/a/snapshots`, { json: { name: 'one' } })).status).toBe(409);
  expect((await ask('DELETE', `${boxes}/a/snapshots/one`)).status).toBe(204);
  for (const [method, path] of [
    ['GET', 'one'],
    ['DELETE', 'one'],
    ['GET', '..%2fb'],
    ['POST', 'one/restore'],
  ] as const) {
    expect((await ask(method, `${boxes}/a/snapshots/${path}`)).status).toBe(404);
  }
  expect((await ask('GET', `${boxes}/b/snapshots`)).status).toBe(404);
  expect((await ask('POST', `${boxes}/a/snapshots`, { json: { name: '../x' } })).status).toBe(400);
});

test('a restore of a box that runs is 409', async () => {
  const { ask, backend } = testServer();
  await (await backend.create({}, 'a')).snapshots.create('busy');
  expect((await ask('POST', `${boxes}/a/snapshots/busy/restore`)).status).toBe(409);
});

test('a clone needs no body, and an archive goes out and comes in as bytes', async () => {
  const { ask, backend } = testServer();
  await backend.create({ cpus: 2 }, 'a');
  const cloned = await ask('POST', `${boxes}/a/clone`);
  expect(cloned.status).toBe(201);
  const copy = read(box, await cloned.json());
  expect(cloned.headers.get('location')).toBe(`${boxes}/${copy.box_id}`);
  expect(copy.cpus).toBe(2);
  const exported = await ask('POST', `${boxes}/a/export`, { json: {} });
  expect(exported.headers.get('content-type')).toBe('application/octet-stream');
  const headers = { 'content-type': 'application/octet-stream' };
  const imported = await ask('POST', `${boxes}/import?name=b`, { body: await exported.arrayBuffer(), headers });
  expect([imported.status, read(box, await imported.json()).name]).toEqual([201, 'b']);
  expect((await ask('POST', `${boxes}/import`, { body: 'rubbish', headers })).status).toBe(400);
  expect((await ask('POST', `${boxes}/import`, { json: {} })).status).toBe(415);
  backend.fileTransferMaxBytes = 10;
  expect((await ask('POST', `${boxes}/import`, { body: 'BOXLITE-ARCHIVE\narchive of much', headers })).status).toBe(
    413,
  );
});

test('a volume is made, listed, found by id and name, and removed', async () => {
  const { ask } = testServer();
  const answer = await ask('POST', volumes, { json: { name: 'used' } });
  const made = read(volume, await answer.json());
  expect([answer.status, answer.headers.get('location')]).toEqual([201, `${volumes}/${made.id}`]);
  expect(made).toMatchObject({ name: 'used', state: 'ready', last_used_at: null });
  expect((await ask('POST', volumes)).status).toBe(201);
  expect((await ask('POST', volumes, { json: { name: 'used' } })).status).toBe(409);
  expect(read(listVolumesResponse, await (await ask('GET', volumes)).json()).volumes).toHaveLength(2);
  for (const name of [made.id, 'used']) expect(await (await ask('GET', `${volumes}/${name}`)).json()).toEqual(made);
  expect((await ask('DELETE', `${volumes}/used`)).status).toBe(409);
  expect((await ask('DELETE', `${volumes}/used?force=true`)).status).toBe(204);
  expect((await ask('GET', `${volumes}/used`)).status).toBe(404);
  expect((await ask('DELETE', `${volumes}/used`)).status).toBe(404);
});

test('a box takes a managed volume or a host path, never both or neither, and memory as a directory', async () => {
  const { ask, backend } = testServer();
  const create = (spec: object): Promise<Response> => ask('POST', boxes, { json: { volumes: [spec] } });
  expect((await create({ managed_volume: 'v', guest_path: '/v', read_only: true })).status).toBe(201);
  expect(backend.boxes[0]?.options.volumes).toEqual([{ volume: 'v', guestPath: '/v', readOnly: true }]);
  expect((await create({ guest_path: '/v' })).status).toBe(400);
  expect((await create({ managed_volume: 'v', host_path: '/v', guest_path: '/v' })).status).toBe(400);
  expect((await ask('POST', boxes, { json: { tmpfs: [{ guest_path: '/t', size_mib: 2 }] } })).status).toBe(201);
  expect(backend.boxes[1]?.options.tmpfs).toEqual([{ guestPath: '/t', sizeMib: 2 }]);
});

test('the configuration says that all of it is there', async () => {
  const { capabilities } = read(sandboxConfig, await (await testServer().ask('GET', '/v1/config')).json());
  const flags = ['snapshots_enabled', 'clone_enabled', 'export_enabled', 'import_enabled', 'volumes_enabled'];
  expect(flags.map((flag) => Object(capabilities)[flag])).toEqual(flags.map(() => true));
});
