import { expect } from 'vitest';
import type { Scenarios } from '../asker.ts';
import { ownerKey, tokenForm } from '../site.ts';

const server = ['-c', 'while true; do echo hello | nc -l -p 80; done'];

/** Who gets in, to the server and to the ports of boxes. */
export const accessScenarios: Scenarios = {
  'keys and tokens come and go': async ({ rows }) => {
    await rows([
      ['getConfig', 200],
      ['getMe', 200],
      ['getJwks', 200],
      ['getToken', 200, { bearer: null, body: tokenForm }],
      ['getToken', 401, { bearer: null }],
      ['createApiKey', 201, { json: { name: 'build' } }],
      ['createApiKey', 409, { json: { name: 'build' } }],
      ['listApiKeys', 200],
      ['revokeApiKey', 204, { holes: { key_name: 'build' } }],
    ]);
  },

  'tunnels lead to a port of a box, once and to no other': async ({
    rows,
    box,
    command,
    ticket,
    connect,
    expectStatus,
  }) => {
    const box_id = await box();
    const holes = { box_id };
    await command(box_id, { command: 'sh', args: server });
    await expect.poll(async () => (await connect(await ticket(box_id, 80))).status).toBe(200);
    expectStatus(await connect('none'), 401);
    expectStatus(await connect(await ticket(box_id, 81)), 502);
    expectStatus(await connect(await ticket(await box({ cmd: ['/nope'] }), 80)), 422);
    await rows([
      ['openTunnel', 409, { holes: { box_id: await box({ network: 'none' }) } }],
      ['streamTunnel', 401, { holes, bearer: null }],
      ['streamTunnel', 404, { holes, bearer: null, query: `port=80&ticket=${await ticket(box_id, 81)}` }],
      ['streamTunnel', 101, { holes, bearer: null, query: `port=80&ticket=${await ticket(box_id, 80)}` }],
    ]);
    const gone = await box();
    const late = await ticket(gone, 80);
    await rows([['removeBox', 204, { holes: { box_id: gone } }]]);
    expectStatus(await connect(late), 404);
  },

  'a tunnel beyond what its key may have under way is refused': async ({
    site,
    box,
    ticket,
    connect,
    expectStatus,
  }) => {
    const url = await site.beside({ limits: { requestsAtOnce: 1 } });
    const only = await ticket(await box(), 80, url);
    const events = await fetch(`${url}/v1/a/events`, { headers: { authorization: `Bearer ${ownerKey}` } });
    expectStatus(await connect(only, url), 429);
    await events.body?.cancel();
  },
};
