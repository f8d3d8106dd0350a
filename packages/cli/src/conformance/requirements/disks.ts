import { bytesOf } from '../kit.ts';
import { like, list, member, must, same } from '../outcome.ts';
import type { Requirement } from '../requirement.ts';
import { capability, permission } from '../server.ts';

const octets = { 'content-type': 'application/octet-stream' };

/** Snapshots, copies, archives and volumes, where the configuration says that they are there. */
export const diskRequirements: readonly Requirement[] = [
  {
    id: 'snapshots.life',
    text: 'a snapshot is 201 with Location and a time in whole seconds, is listed and found, and goes',
    clause: 'createSnapshot',
    needs: [capability('snapshots_enabled')],
    async check({ send, box, shell, ended }) {
      const id = await box();
      await ended(await shell(id, 'true'));
      const path = `/boxes/${id}/snapshots`;
      const answer = (await send('POST', path, { json: { name: 'before' } })).is(201);
      like(answer.headers.get('location'), /\/snapshots\/before$/, 'Location');
      const snapshot = answer.json();
      same([member(snapshot, 'name'), member(snapshot, 'box_id')], ['before', id], 'name and box_id');
      for (const field of ['created_at', 'container_disk_bytes', 'size_bytes'])
        must(Number.isInteger(member(snapshot, field)), `${field} must be an integer`);
      (await send('POST', path, { json: { name: 'before' } })).is(409);
      const all = list(member((await send('GET', path)).is(200).json(), 'snapshots'), 'snapshots');
      same(
        all.map((one) => member(one, 'name')),
        ['before'],
        'the names',
      );
      same(member((await send('GET', `${path}/before`)).is(200).json(), 'id'), member(snapshot, 'id'), 'id');
      (await send('DELETE', `${path}/before`)).is(204);
      (await send('GET', `${path}/before`)).is(404);
    },
  },
  {
    id: 'snapshots.restore',
    text: 'restore puts the disk back, of a box that is stopped; of one that runs it is 409',
    clause: 'restoreSnapshot',
    needs: [capability('snapshots_enabled')],
    async check({ send, box, shell, ended, events }) {
      const id = await box();
      await ended(await shell(id, 'echo old > /root/file && sync'));
      (await send('POST', `/boxes/${id}/snapshots`, { json: { name: 'before' } })).is(201);
      await ended(await shell(id, 'echo new > /root/file && sync'));
      (await send('POST', `/boxes/${id}/snapshots/before/restore`)).is(409);
      (await send('POST', `/boxes/${id}/stop`)).is(200);
      (await send('POST', `/boxes/${id}/snapshots/before/restore`)).is(204);
      same(bytesOf(await events(await shell(id, 'cat /root/file')), 'stdout').toString(), 'old\n', 'the file');
    },
  },
  {
    id: 'disks.clone',
    text: 'a clone is a new box with a copy of the disk, and goes its own way from there',
    clause: 'cloneBox',
    needs: [capability('clone_enabled')],
    async check({ send, box, name, shell, ended, events, removeLater }) {
      const id = await box();
      await ended(await shell(id, 'echo one > /root/file && sync'));
      const called = name();
      removeLater(`/boxes/${called}?force=true`);
      const clone = (await send('POST', `/boxes/${id}/clone`, { json: { name: called } })).is(201).json();
      const copy = like(member(clone, 'box_id'), /./, 'box_id');
      must(copy !== id, 'a clone must have an id of its own');
      await ended(await shell(copy, 'echo two >> /root/file'));
      const read = async (one: string): Promise<string> =>
        bytesOf(await events(await shell(one, 'cat /root/file')), 'stdout').toString();
      same([await read(id), await read(copy)], ['one\n', 'one\ntwo\n'], 'the two files');
      (await send('POST', `/boxes/${id}/clone`, { json: { name: called } })).is(409);
    },
  },
  {
    id: 'disks.export-import',
    text: 'what is exported can be imported as a new box with the same disk',
    clause: 'importBox',
    needs: [capability('export_enabled'), capability('import_enabled')],
    async check({ send, box, name, shell, ended, events, removeLater }) {
      const id = await box();
      await ended(await shell(id, 'echo packed > /root/file && sync'));
      (await send('POST', `/boxes/${id}/stop`)).is(200);
      const archive = (await send('POST', `/boxes/${id}/export`, { json: {} })).is(200);
      const called = name();
      removeLater(`/boxes/${called}?force=true`);
      const body = new Uint8Array(archive.bytes);
      const made = await send('POST', `/boxes/import?name=${called}`, { body, headers: octets });
      const copy = like(member(made.is(201).json(), 'box_id'), /./, 'box_id');
      same(bytesOf(await events(await shell(copy, 'cat /root/file')), 'stdout').toString(), 'packed\n', 'the file');
    },
  },
  {
    id: 'disks.import-malformed',
    text: 'bytes that are no exported box are 400, and there is no box then',
    clause: 'importBox',
    needs: [capability('import_enabled')],
    async check({ send, name }) {
      const called = name();
      const sent = { body: 'no archive '.repeat(100), headers: octets };
      (await send('POST', `/boxes/import?name=${called}`, sent)).is(400);
      (await send('GET', `/boxes/${called}`)).is(404);
    },
  },
  {
    id: 'volumes.life',
    text: 'a volume is 201, found by id and by name, listed, 409 a second time, and goes',
    clause: 'createVolume',
    needs: [capability('volumes_enabled'), permission('volume:write', 'boxes:write')],
    async check({ send, name, removeLater }) {
      const called = name();
      removeLater(`/volumes/${called}`);
      const volume = (await send('POST', '/volumes', { json: { name: called } })).is(201).json();
      const id = like(member(volume, 'id'), /./, 'id');
      for (const one of [id, called])
        same(member((await send('GET', `/volumes/${one}`)).is(200).json(), 'id'), id, 'id');
      (await send('POST', '/volumes', { json: { name: called } })).is(409);
      const all = list(member((await send('GET', '/volumes')).is(200).json(), 'volumes'), 'volumes');
      must(
        all.some((one) => member(one, 'id') === id),
        'the list must have the volume',
      );
      (await send('DELETE', `/volumes/${id}`)).is(204);
      (await send('GET', `/volumes/${id}`)).is(404);
    },
  },
  {
    id: 'volumes.shared',
    text: 'what a box writes to a volume, the next box finds; a volume that a box has is not removed',
    clause: 'removeVolume',
    needs: [capability('volumes_enabled'), permission('volume:write', 'boxes:write')],
    async check({ send, name, box, shell, ended, events, removeLater }) {
      const called = name();
      removeLater(`/volumes/${called}`);
      (await send('POST', '/volumes', { json: { name: called } })).is(201);
      const volumes = [{ managed_volume: called, guest_path: '/data', read_only: false }];
      const writer = await box({ volumes });
      await ended(await shell(writer, 'echo shared > /data/file'));
      (await send('DELETE', `/volumes/${called}`)).is(409);
      (await send('DELETE', `/boxes/${writer}?force=true`)).is(204);
      const reader = await box({ volumes });
      same(bytesOf(await events(await shell(reader, 'cat /data/file')), 'stdout').toString(), 'shared\n', 'the file');
    },
  },
];
