// Run by scenarios/faults.ts as an ordinary user, whose image layers and numbers come by the host program, too.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { observeServers } from '../../packages/server/src/testing/answers/observed-servers.ts';
import { records } from '../../packages/server/src/testing/answers/records.ts';
import { withoutHost } from './host-program.ts';
import { call, openSite, type Variation } from './site.ts';

observeServers();
const image = 'boxlite/base:latest';
await using site = await openSite();
const mine = site.backend.tenant('a');

async function killed(id: string, given: Variation, expected = 503): Promise<void> {
  const { status, body } = await withoutHost(site, () => call(site.url, id, given));
  assert.equal(status, expected, `${id}: ${body}`);
}

await killed('pullImage', { json: { reference: image } });
await killed('createBox', { json: { image } });
await killed('getOrCreateBox', { json: { image }, holes: { box_id: 'new' } });
const box = await mine.create({ image, autoRemove: false }, undefined);
await box.start();
await killed('getBoxMetrics', { holes: { box_id: box.id } });
const folder = join(tmpdir(), 'root');
await mkdir(folder);
await writeFile(join(folder, 'file'), 'unused');
await mine.images.import(folder, 'unused');
// The names are gone, which is what was asked; the files go with the next.
await killed('pruneImages', { json: {} }, 200);
const packed = await call(site.url, 'downloadFiles', { holes: { box_id: box.id }, query: 'path=/etc' });
await killed('importImage', { query: 'reference=mine', body: packed.body });
await mine.images.import(folder, 'mine');
await killed('removeImage', { holes: { digest: 'mine' } }, 204);
assert.equal((await call(site.url, 'removeImage', { holes: { digest: 'mine' } })).status, 404);
assert.deepEqual(records.wrong, []);
process.stdout.write(`seen: ${[...records.seen].join(', ')}\n`);
