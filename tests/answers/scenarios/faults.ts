import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { permissions } from '@boxlite/api';
import { openServerStore, permissionsNamed } from '@boxlite/server';
import { expect } from 'vitest';
import { removeHome } from '../../../packages/runtime/src/testing/home-folder.ts';
import { records } from '../../../packages/server/src/testing/answers/records.ts';
import { userHome } from '../../rootless/as-user.ts';
import { specOperations } from '../../tenants/operations.ts';
import { asker, image, type Row, type Scenarios } from '../asker.ts';
import { doomedServer } from '../doomed.ts';
import { withoutHost, withoutNetwork } from '../host-program.ts';
import { call, isDocumented, openSite, ownerKey, tokenForm } from '../site.ts';

const tables = { 'identity.db': ['credentials', 'signing_keys'], 'boxlite.db': ['boxes'] } as const;

/** Takes tables out of the stores of a home directory, as damage would; gives what puts them back. */
function damage(homeDir: string): () => void {
  const rename = (from: string, to: string): void => {
    for (const [file, names] of Object.entries(tables)) {
      using database = new DatabaseSync(join(homeDir, file));
      for (const name of names) database.exec(`ALTER TABLE ${name}${from} RENAME TO ${name}${to}`);
    }
  };
  rename('', '_lost');
  return () => rename('_lost', '');
}

export const faultScenarios: Scenarios = {
  'the host’s program is killed at work: 503': async ({ site, rows, box, ask, got, ticket, connect, expectStatus }) => {
    const [idle, live, paused] = [await box(), await box(), await box({ security: 'maximum' })];
    await rows([
      ['startBox', 200, { holes: { box_id: live } }],
      ['startBox', 200, { holes: { box_id: paused } }],
      ['pauseBox', 200, { holes: { box_id: paused } }],
      ['createSnapshot', 201, { holes: { box_id: idle }, json: { name: 'one' } }],
      ['createVolume', 201, { json: { name: 'lost' } }],
    ]);
    const { body } = await ask('exportBox', { holes: { box_id: idle } });
    const holes = { box_id: idle, snapshot_name: 'one', volume_id: 'lost' };
    const ofLive = { holes: { box_id: live } };
    const killed: readonly Row[] = [
      ['pauseBox', 503, ofLive],
      ['exportBox', 503, ofLive],
      ['stopBox', 503, { ...ofLive, json: { timeout_seconds: 0 } }],
      ['removeBox', 503, { ...ofLive, query: 'force=true' }],
      ['resumeBox', 503, { holes: { box_id: paused } }],
      ['importBox', 503, { body }],
      ['startExecution', 503, { holes, json: { command: 'true' } }],
      ['createSnapshot', 503, { holes, json: { name: 'two' } }],
      ['cloneBox', 503, { holes, json: {} }],
      ['startBox', 503, { holes }],
      ['restartBox', 503, { holes }],
      ['execTty', 503, { holes }],
      ['uploadFiles', 503, { holes }],
      ['downloadFiles', 503, { holes }],
      ['readFile', 503, { holes }],
      ['writeFile', 503, { holes }],
      ['listDirectory', 503, { holes }],
      ['statFile', 503, { holes }],
      ['removeFile', 503, { holes }],
      ['makeDirectory', 503, { holes }],
      ['restoreSnapshot', 503, { holes }],
      ['removeSnapshot', 503, { holes }],
      ['removeVolume', 503, { holes }],
    ];
    for (const [id, status, given] of killed) await withoutHost(site, () => got(id, status, given));
    const open = await ticket(idle, 80);
    expectStatus(await withoutHost(site, () => connect(open)), 503);
  },

  'the network process of a box is killed at work: 502': async ({ site, box, got, rows }) => {
    const holes = { box_id: await box() };
    await rows([['startBox', 200, { holes }]]);
    await withoutNetwork(site.homeDir, holes.box_id, () => got('listNetworkEvents', 502, { holes }));
  },

  'the host’s program of an ordinary user is killed at work: 503': async () => {
    await using home = await userHome();
    const { code, output } = await home.node(['tests/answers/without-root.ts']);
    expect(code, output).toBe(0);
    const [, seen = ''] = /^seen: (.*)$/m.exec(output) ?? [];
    expect(seen).not.toBe('');
    for (const answer of seen.split(', ')) records.seen.add(answer);
  },

  'the server is killed as it starts a command, and then its box ends: 410': async () => {
    await using stack = new AsyncDisposableStack();
    const home = stack.adopt(await mkdtemp(join(tmpdir(), 'bl-doomed-')), removeHome);
    const doomed = stack.use(await doomedServer(home, ownerKey));
    const created = await call(doomed.url, 'createBox', { json: { image } });
    const holes = { box_id: JSON.parse(created.body.toString()).box_id };
    expect((await call(doomed.url, 'startBox', { holes })).status).toBe(200);
    const given = { holes, json: { command: 'true' }, headers: { 'idempotency-key': 'once' } };
    await doomed.arm('0 after');
    await expect(call(doomed.url, 'startExecution', given)).rejects.toThrow('socket hang up');
    const store = stack.adopt(openServerStore(join(home, 'server.db')), (open) => open.close());
    await using site = await openSite({ store, auth: { apiKeys: [{ key: ownerKey }] } }, { homeDir: home });
    using asked = asker(site);
    await asked.rows([
      ['restartBox', 200, { holes, json: {} }],
      ['startExecution', 410, given],
    ]);
  },

  'the stores are damaged: 500': async () => {
    await using site = await openSite();
    using asked = asker(site);
    const { got, ticket, connect, expectStatus } = asked;
    const held = permissionsNamed(permissions);
    const key = await site.identity.createKey({ name: 'kept', tenants: ['a'], permissions: held, createdBy: 'test' });
    const mine = site.backend.tenant('a');
    const tickets: string[] = [];
    // A box that is held is known without its store.
    for (const name of ['one', 'other']) {
      const { id } = await mine.create({ image }, name);
      tickets.push(await ticket(id, 80));
      await mine.remove(id);
    }
    const mend = damage(site.homeDir);
    for (const { id } of specOperations.filter(isDocumented(500))) {
      const body = id === 'getToken' ? { body: tokenForm } : {};
      const query = id === 'streamTunnel' ? { query: `port=80&ticket=${tickets[0]}` } : {};
      await got(id, 500, { bearer: key.value, ...body, ...query });
    }
    expectStatus(await connect(tickets[1] ?? ''), 500);
    mend();
  },
};
