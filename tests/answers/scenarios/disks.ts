import { image, type Scenarios } from '../asker.ts';

export const diskScenarios: Scenarios = {
  'boxes are copied in every way': async ({ rows, box, ask, expectStatus }) => {
    const holes = { box_id: await box(), snapshot_name: 'one' };
    await rows([
      ['startBox', 200, { holes }],
      ['createSnapshot', 201, { holes, json: { name: 'one' } }],
      ['createSnapshot', 409, { holes, json: { name: 'one' } }],
      ['listSnapshots', 200, { holes }],
      ['getSnapshot', 200, { holes }],
      ['restoreSnapshot', 409, { holes }],
      ['stopBox', 200, { holes, json: { timeout_seconds: 0 } }],
      ['restoreSnapshot', 204, { holes }],
      ['removeSnapshot', 204, { holes }],
      ['cloneBox', 201, { holes, json: { name: 'copy' } }],
      ['cloneBox', 409, { holes, json: { name: 'copy' } }],
    ]);
    const archive = await ask('exportBox', { holes });
    expectStatus(archive, 200);
    await rows([
      ['importBox', 201, { query: 'name=import', body: archive.body }],
      ['importBox', 409, { query: 'name=import', body: archive.body }],
    ]);
  },

  'volumes come and go': async ({ rows, box }) => {
    const holes = { volume_id: 'data' };
    await rows([
      ['createVolume', 201, { json: { name: 'data' } }],
      ['createVolume', 409, { json: { name: 'data' } }],
      ['listVolumes', 200],
      ['getVolume', 200, { holes }],
    ]);
    const box_id = await box({ volumes: [{ managed_volume: 'data', guest_path: '/data' }] });
    await rows([
      ['removeVolume', 409, { holes }],
      ['removeBox', 204, { holes: { box_id } }],
      ['removeVolume', 204, { holes }],
    ]);
  },

  'images come and go': async ({ rows, got, box, ask, expectStatus }) => {
    const { id = '' } = await got('pullImage', 200, { json: { reference: image } });
    await rows([
      ['pullImage', 502, { json: { reference: '127.0.0.1:1/none:latest' } }],
      ['listImages', 200],
      ['getImage', 200, { holes: { digest: id } }],
      ['imageExists', 204, { holes: { digest: id } }],
      ['pruneImages', 200],
    ]);
    const box_id = await box();
    const root = await ask('downloadFiles', { holes: { box_id }, query: 'path=/etc' });
    expectStatus(root, 200);
    await rows([
      ['importImage', 200, { query: 'reference=mine', body: root.body }],
      ['importImage', 422, { query: 'reference=mine', body: 'no image' }],
    ]);
    const user = { box_id: await box({ image: 'mine' }) };
    const mine = { holes: { digest: 'mine' } };
    await rows([
      ['removeImage', 409, mine],
      ['removeBox', 204, { holes: user }],
      ['removeImage', 204, mine],
      ['removeImage', 409, { holes: { digest: id } }],
    ]);
  },
};
