import { mkdir, mkdtemp, readdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BoxBackend, InvalidArgumentError, type RuntimeBackend } from 'boxlite/backend';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLocal } from '../open-local.ts';
import { readArchive } from './archive-reader.ts';
import { type ArchivePart, partKind, writeArchive } from './archive-writer.ts';
import { streamOf } from './stream-of.ts';
import { record, tree } from './tree.fixture.ts';

let home: string;
let runtime: RuntimeBackend;
beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'boxlite-archive-')));
  runtime = await openLocal({ homeDir: join(home, 'home') });
});
afterAll(async () => {
  await runtime.shutdown();
  await rm(home, { recursive: true, force: true });
});

async function said(box: BoxBackend, script: string): Promise<string> {
  const execution = await box.exec({ command: 'sh', args: ['-c', script] });
  await execution.closeStdin();
  let text = '';
  for await (const { data } of execution.output()) text += Buffer.from(data).toString();
  return text;
}

function archive(...parts: readonly (readonly [number, Uint8Array])[]): ReadableStream<Uint8Array> {
  async function* each(): AsyncGenerator<ArchivePart, void, undefined> {
    for (const [kind, bytes] of parts) yield { kind, bytes: [bytes] };
  }
  return streamOf(writeArchive(each()), async () => {});
}

const defaults = { env: {}, workingDir: '', user: '', entrypoint: [], cmd: [] };
const layer = tree(1, 2, record.file('mine', 2, [[0, 'ok']]));

function manifest(changes: object = {}): Buffer {
  const image = { reference: 'somewhere/else:1', digest: `sha256:${'1'.repeat(64)}` };
  const whole = { createdAt: 'now', name: 'x', image, layers: 1, disk: false, options: {}, defaults };
  return Buffer.from(JSON.stringify({ ...whole, ...changes }));
}

const importOf = (...parts: readonly (readonly [number, Uint8Array])[]): Promise<BoxBackend> =>
  runtime.importBox(archive(...parts), undefined);

test('a box on a host whose store lacks the image stands on the layers of its archive, shared until no box needs them', async () => {
  const box = await runtime.create({ image: 'boxlite/base:latest', autoRemove: false }, undefined);
  await said(box, 'echo mine > /root/file; rm /etc/group');
  const copies = [await box.export(), await box.export()];
  const other = await openLocal({ homeDir: join(home, 'other') });
  try {
    // That store has the same image; with other bytes under its digest it would have none.
    const strange = await runtime.importBox(
      archive([partKind.manifest, manifest()], [partKind.layer, layer]),
      undefined,
    );
    const folder = join(home, 'home', 'imported-layers');
    expect(await readdir(folder)).toHaveLength(1);
    const same = await importOf([partKind.manifest, manifest()], [partKind.layer, layer]);
    expect(await readdir(folder)).toHaveLength(1);
    await runtime.remove(strange.id);
    expect(await readdir(folder)).toHaveLength(1);
    await runtime.remove(same.id);
    await expect.poll(() => readdir(folder)).toEqual([]);

    const [first, second] = copies;
    if (!first || !second) throw new Error('no archive');
    const made = [await other.importBox(first, 'one'), await other.importBox(second, 'two')];
    for (const one of made) expect(await said(one, 'cat /root/file; ls /etc/group 2>/dev/null')).toBe('mine\n');
  } finally {
    await other.shutdown({ timeoutMs: 0 });
  }
});

test('a box of an archive that has a layer twice starts', async () => {
  const other = tree(1, 2, record.file('mine', 2, [[0, 'no']]));
  const box = await importOf(
    [partKind.manifest, manifest({ layers: 3 })],
    ...[layer, other, layer].map((bytes) => [partKind.layer, bytes] as const),
  );
  await box.start();
  expect(box.snapshot.status).toBe('running');
  await runtime.remove(box.id, { force: true });
});

test('an export is whole though its box is removed and its image pruned meanwhile', async () => {
  const folder = join(home, 'home', 'imported-layers');
  const files = Array.from({ length: 40 }, (_, i) => record.file(`f${i}`, 1e6, [[0, 'x'.repeat(1e6)]]));
  const box = await importOf([partKind.manifest, manifest()], [partKind.layer, tree(40, 40e6, ...files)]);
  const exported = (await box.export()).getReader();
  const pieces: Uint8Array[] = [];
  await runtime.remove(box.id);
  await runtime.images.prune();
  for (let next = await exported.read(); !next.done; next = await exported.read()) pieces.push(next.value);
  expect(Buffer.concat(pieces).length).toBeGreaterThan(40e6);
  await expect.poll(() => readdir(folder)).toEqual([]);
});

test('options that name the host or open it do not travel', async () => {
  const options = {
    cpus: 2,
    volumes: [{ hostPath: '/', guestPath: '/host' }],
    rootfsPath: '/',
    security: 'development',
    detach: true,
    ports: [{ guestPort: 1 }],
    capabilities: { add: ['NET_RAW'], drop: ['CHOWN'] },
    processes: 64,
    healthCheck: { command: ['true'] },
  };
  const box = await importOf([partKind.manifest, manifest({ options })], [partKind.layer, layer]);
  expect(box.snapshot.cpus).toBe(2);
  const pieces: Uint8Array[] = [];
  for await (const { kind, bytes } of readArchive(await box.export())) {
    for await (const piece of bytes) if (kind === partKind.manifest) pieces.push(piece);
  }
  const found = Buffer.concat(pieces).toString();
  expect(JSON.parse(found).options).toEqual({
    ...{ cpus: 2, processes: 64, healthCheck: { command: ['true'] }, capabilities: { drop: ['CHOWN'] } },
  });
  expect(found).not.toMatch(/hostPath|rootfsPath|security|detach|ports/);
  await runtime.remove(box.id);
});

const ill: Readonly<Record<string, readonly (readonly [number, Uint8Array])[]>> = {
  'no part': [],
  'no manifest': [[partKind.layer, layer]],
  'a manifest that is no JSON': [
    [partKind.manifest, Buffer.from('{')],
    [partKind.layer, layer],
  ],
  'a manifest without an image': [
    [partKind.manifest, manifest({ image: null })],
    [partKind.layer, layer],
  ],
  'a manifest with too many layers': [
    [partKind.manifest, manifest({ layers: 201 })],
    [partKind.layer, layer],
  ],
  'the name of an image to pull in place of a digest': [
    [partKind.manifest, manifest({ image: { reference: 'x', digest: 'registry.example:1/some/image' } })],
    [partKind.layer, layer],
  ],
  'a number in place of a digest': [
    [partKind.manifest, manifest({ image: { reference: 'x', digest: 0 } })],
    [partKind.layer, layer],
  ],
  'capabilities that are no list': [
    [partKind.manifest, manifest({ options: { capabilities: { drop: 'ALL' } } })],
    [partKind.layer, layer],
  ],
  'a health check without a command': [
    [partKind.manifest, manifest({ options: { healthCheck: {} } })],
    [partKind.layer, layer],
  ],
  'more volumes than an image may have': [
    [partKind.manifest, manifest({ defaults: { ...defaults, volumes: Array(257).fill('/data') } })],
    [partKind.layer, layer],
  ],
  'a tmpfs without a place': [
    [partKind.manifest, manifest({ options: { tmpfs: [{}] } })],
    [partKind.layer, layer],
  ],
  'a file larger than any': [
    [partKind.manifest, manifest()],
    [partKind.layer, tree(1, 0, record.file('big', 17 * 1024 ** 4))],
  ],
  'options of the wrong kind': [
    [partKind.manifest, manifest({ options: { cmd: 'rm' } })],
    [partKind.layer, layer],
  ],
  'options out of range': [
    [partKind.manifest, manifest({ options: { cpus: 99 } })],
    [partKind.layer, layer],
  ],
  'a huge manifest': [
    [partKind.manifest, manifest({ name: 'x'.repeat(1_100_000) })],
    [partKind.layer, layer],
  ],
  'a layer too few': [
    [partKind.manifest, manifest({ layers: 2 })],
    [partKind.layer, layer],
  ],
  'a layer too many': [
    [partKind.manifest, manifest()],
    [partKind.layer, layer],
    [partKind.layer, layer],
  ],
  'a disk that was not said': [
    [partKind.manifest, manifest()],
    [partKind.layer, layer],
    [partKind.disk, layer],
  ],
  'no disk where one was said': [
    [partKind.manifest, manifest({ disk: true })],
    [partKind.layer, layer],
  ],
  'a part of another kind': [
    [partKind.manifest, manifest()],
    [partKind.layer, layer],
    [9, layer],
  ],
  'a layer that is none': [
    [partKind.manifest, manifest()],
    [partKind.layer, Buffer.from('tar')],
  ],
  'a disk larger than its size': [
    [partKind.manifest, manifest({ disk: true, options: { diskSizeGb: 1 } })],
    [partKind.layer, layer],
    [partKind.disk, tree(1, 2 ** 60, record.file('big', 2 ** 60))],
  ],
};

test.each(Object.entries(ill))('an archive with %s is refused, and nothing of it is left', async (_, parts) => {
  await expect(importOf(...parts)).rejects.toThrow(InvalidArgumentError);
  expect(await readdir(join(home, 'home', 'stages'))).toEqual([]);
});

test('a host directory is resolved once, and refused where a link leads elsewhere by the next start', async () => {
  await mkdir(join(home, 'real'));
  await mkdir(join(home, 'secret'));
  await writeFile(join(home, 'real/file'), 'mine\n');
  await writeFile(join(home, 'secret/file'), 'secret\n');
  await symlink('real', join(home, 'link'));
  const volumes = [{ hostPath: join(home, 'link'), guestPath: '/host' }];
  const box = await runtime.create({ image: 'boxlite/base:latest', autoRemove: false, volumes }, undefined);
  // Where the link leads by now is of no matter.
  await rm(join(home, 'link'));
  await symlink('secret', join(home, 'link'));
  expect(await said(box, 'cat /host/file')).toBe('mine\n');
  await box.stop({ timeoutMs: 0 });
  await rename(join(home, 'real'), join(home, 'moved'));
  await symlink('secret', join(home, 'real'));
  await expect(box.start()).rejects.toThrow(InvalidArgumentError);
  await runtime.remove(box.id);
});
