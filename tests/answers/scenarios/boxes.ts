import { once } from 'node:events';
import { createServer } from 'node:net';
import { image, type Scenarios } from '../asker.ts';

const noImage = { image: `sha256:${'0'.repeat(64)}` };
/** Nothing listens there. */
const noRegistry = { image: '127.0.0.1:1/none:latest' };

export const boxScenarios: Scenarios = {
  'boxes are made, changed and removed': async ({ rows, box }) => {
    const holes = { box_id: await box({ name: 'one' }) };
    const [two, other] = [{ box_id: 'two' }, { box_id: 'other' }];
    await rows([
      ['createBox', 409, { json: { image, name: 'one' } }],
      ['createBox', 422, { json: noImage }],
      ['createBox', 502, { json: noRegistry }],
      ['getOrCreateBox', 422, { json: noImage, holes: other }],
      ['getOrCreateBox', 502, { json: noRegistry, holes: other }],
      ['getOrCreateBox', 201, { json: { image }, holes: two }],
      ['getOrCreateBox', 200, { json: { image }, holes: two }],
      ['listBoxes', 200],
      ['getRuntimeMetrics', 200],
      ['streamEvents', 200],
      ['getBox', 200, { holes }],
      ['boxExists', 204, { holes }],
      ['pauseBox', 409, { holes }],
      ['resumeBox', 409, { holes }],
      ['startBox', 200, { holes }],
      ['getBoxMetrics', 200, { holes }],
      ['listNetworkEvents', 200, { holes }],
      ['attachBox', 409, { holes }],
      ['pauseBox', 200, { holes }],
      ['resumeBox', 200, { holes }],
      ['restartBox', 200, { holes }],
      ['removeBox', 409, { holes }],
      ['stopBox', 200, { holes, json: { timeout_seconds: 0 } }],
      ['attachBox', 101, { holes }],
      ['removeBox', 204, { holes }],
    ]);
  },

  'a port of the host that is taken keeps a box from its start': async ({ got, rows, site }) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const url = await site.beside({ allowHostPorts: ['1-65535'] });
    const json = { image, ports: [{ guest_port: 80, host_port: port }] };
    const holes = { box_id: (await got('createBox', 201, { json }, url))['box_id'] ?? '' };
    await rows([
      ['startBox', 409, { holes }],
      ['restartBox', 409, { holes, json: {} }],
    ]);
    taken.close();
  },

  'a main command that is not there keeps a box from its start': async ({ rows, box }) => {
    const given = { holes: { box_id: await box({ cmd: ['/nope'] }) } };
    await rows([
      ['startBox', 422, given],
      ['restartBox', 422, given],
      ['startExecution', 422, given],
      ['execTty', 422, given],
      ['uploadFiles', 422, given],
      ['downloadFiles', 422, given],
      ['readFile', 422, given],
      ['writeFile', 422, given],
      ['listDirectory', 422, given],
      ['statFile', 422, given],
      ['removeFile', 422, given],
      ['makeDirectory', 422, given],
    ]);
  },

  'a box that no use may start is started by none': async ({ rows, box, ticket, connect, expectStatus }) => {
    const holes = { box_id: await box({ auto_resume: false }) };
    await rows([['startBox', 200, { holes }]]);
    const open = await ticket(holes.box_id, 80);
    await rows([
      ['stopBox', 200, { holes, json: { timeout_seconds: 0 } }],
      ['startExecution', 409, { holes, json: { command: 'true' } }],
      ['execTty', 409, { holes }],
      ['uploadFiles', 409, { holes }],
      ['downloadFiles', 409, { holes }],
      ['readFile', 409, { holes }],
      ['writeFile', 409, { holes }],
      ['listDirectory', 409, { holes }],
      ['statFile', 409, { holes }],
      ['removeFile', 409, { holes }],
      ['makeDirectory', 409, { holes }],
    ]);
    expectStatus(await connect(open), 409);
  },
};
