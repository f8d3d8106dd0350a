import { permissions } from '@boxlite/api';
import { permissionsNamed } from '@boxlite/server';
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

  'more secrets than can be checked at once are refused': async ({ site, ask }) => {
    const held = permissionsNamed(permissions);
    const client = { name: 'kept', tenants: ['a'], permissions: held, createdBy: 'test' };
    const { credential } = await site.identity.createClient(client);
    const form = tokenForm.replace('client_id=client', `client_id=${credential.id}`);
    const asked = Array.from({ length: 500 }, (_, i) => ask('getToken', { bearer: null, body: `${form}${i}` }));
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect([...new Set(statuses)].toSorted()).toEqual([401, 429]);
  },

  'tunnels lead to a port of a box, once and to no other': async ({
    site,
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
    expectStatus(await connect('none', site.url, { host: ['a', 'b'] }), 400);
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
