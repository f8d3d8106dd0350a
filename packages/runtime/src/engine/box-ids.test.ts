import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBoxIds } from './box-ids.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxlite-ids-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function idsOf(users: string, groups: string): Promise<number> {
  await writeFile(`${folder}/subuid`, users);
  await writeFile(`${folder}/subgid`, groups);
  return (await readBoxIds(`${folder}/subuid`, `${folder}/subgid`)).first;
}

test("takes root's range where users and groups have the same", async () => {
  expect(await idsOf('alice:100000:65536\nroot:231072:65536\n', 'root:231072:131072\n')).toBe(231_072);
});

test('takes the documented range where root has none that fits', async () => {
  for (const [users, groups] of [
    ['', ''],
    ['root:231072:65536', ''],
    ['root:231072:65536', 'root:300000:65536'],
    ['root:231072:1000', 'root:231072:1000'],
    ['root:0:65536', 'root:0:65536'],
    ['root:x:65536', 'root:x:65536'],
    ['root:4294967000:65536', 'root:4294967000:65536'],
  ] as const)
    expect(await idsOf(users, groups), users).toBe(1_879_048_192);
  expect(await readBoxIds('/nonexistent', '/nonexistent')).toEqual({ first: 1_879_048_192, count: 65_536 });
});
