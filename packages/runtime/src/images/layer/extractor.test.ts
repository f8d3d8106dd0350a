import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tarArchive, tarEntry } from '../../tar/writer.ts';
import { type ExtractOptions, extractLayer } from './extract.ts';
import { type Extractor, extractor } from './extractor.ts';
import { defaultLayerLimits } from './limits.ts';

let folder: string;
let unpacking: Extractor;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxlite-thread-'));
  unpacking = extractor();
});
afterEach(async () => {
  await unpacking.close();
  rmSync(folder, { recursive: true });
});

let count = 0;
function options(archive: Uint8Array, more: Partial<ExtractOptions> = {}): ExtractOptions {
  const own = join(folder, `${count++}`);
  mkdirSync(join(own, 'root'), { recursive: true });
  writeFileSync(join(own, 'layer'), archive);
  const into = join(own, 'root');
  return { file: join(own, 'layer'), what: 'layer L', into, lower: [], limits: defaultLayerLimits, ...more };
}

const many = gzipSync(
  tarArchive(Array.from({ length: 1000 }, (_, number) => tarEntry({ path: `f${number}` }, randomBytes(3000)))),
);

test('a layer is unpacked in the thread as it is without', async () => {
  const [inside, outside] = [options(many), options(many)];
  expect(await unpacking.extract(inside)).toEqual(await extractLayer(outside));
  expect(readdirSync(inside.into)).toEqual(readdirSync(outside.into));
});

test('the event loop has less to do than without the thread', async () => {
  // The time of this thread on the processor: the loop is active, too, while the machine gives it none.
  const busyUs = async (extract: Extractor['extract']): Promise<number> => {
    const before = process.threadCpuUsage();
    await extract(options(many));
    const { user, system } = process.threadCpuUsage(before);
    return user + system;
  };
  await busyUs(unpacking.extract);
  expect(await busyUs(unpacking.extract)).toBeLessThan(await busyUs(extractLayer));
});

test('an abort stops it with its reason, and only that one', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const stopped = options(many, { signal: controller.signal });
  const [first, second] = [unpacking.extract(stopped), unpacking.extract(options(many))];
  controller.abort(reason);
  await expect(first).rejects.toBe(reason);
  expect(readdirSync(stopped.into).length).toBeLessThan(1000);
  await expect(second).resolves.toMatchObject({ diffId: expect.stringMatching(/^sha256:/) });
  await expect(unpacking.extract(options(many, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
});

test('what is wrong with a layer is told as it is without the thread', async () => {
  await expect(unpacking.extract(options(Buffer.from('no tar')))).rejects.toMatchObject({
    code: 'image_failed',
    message: expect.stringMatching(/^layer L/),
  });
});

test('closing ends what is under way with an error, and what comes after starts anew', async () => {
  const ended = expect(unpacking.extract(options(many))).rejects.toMatchObject({ code: 'image_failed' });
  await unpacking.close();
  await ended;
  await expect(unpacking.extract(options(many))).resolves.toMatchObject({ sizeBytes: expect.any(Number) });
});
