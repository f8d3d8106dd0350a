import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tarArchive, tarEntry } from '../tar/writer.ts';
import { type FaultyProxy, faultyProxy } from '../testing/faulty-proxy.ts';
import { type ImageHome, imageHome } from '../testing/image-home.ts';
import { startRegistry, type TestRegistry } from '../testing/registry.ts';
import { pushImage, testImage } from '../testing/test-image.ts';

let registry: TestRegistry;
const image = testImage([tarArchive([tarEntry({ path: 'big' }, randomBytes(3_000_000))])], { compression: 'none' });
const layer = image.blobs[1]?.descriptor.digest ?? '';
const hex = layer.slice('sha256:'.length);
beforeAll(async () => {
  registry = await startRegistry();
  await pushImage(registry, 'big', image, 'latest');
});
afterAll(() => registry[Symbol.asyncDispose]());

/** Falls silent after a million bytes of the layer, until it is asked for the rest. */
function stalling(): Promise<FaultyProxy> {
  return faultyProxy(registry.host, (incoming) => {
    const start = incoming.url?.endsWith(layer) === true && incoming.headers.range === undefined;
    return start ? { cutAfter: 1_000_000, stall: true } : 'pass';
  });
}

const partials = (home: ImageHome): Promise<string[]> => readdir(join(home.path, 'images/partial'));

async function bytesUnderWay(home: ImageHome): Promise<number> {
  const names = await readdir(join(home.path, 'images/tmp'), { recursive: true });
  const found = names.find((name) => name.endsWith(`${hex}.blob`));
  return found === undefined ? 0 : (await stat(join(home.path, 'images/tmp', found)).catch(() => ({ size: 0 }))).size;
}

const ranges = (proxy: FaultyProxy): (string | undefined)[] =>
  proxy.seen.filter(({ url }) => url.endsWith(layer)).map(({ range }) => range);

test('a pull that is aborted goes on where it stopped when it is asked for again', async () => {
  await using proxy = await stalling();
  await using home = await imageHome();
  const controller = new AbortController();
  const pull = home.store.pull(`${proxy.host}/big`, { signal: controller.signal });
  const aborted = expect(pull).rejects.toThrow('later');
  await expect.poll(() => bytesUnderWay(home)).toBe(1_000_000);
  controller.abort(new Error('later'));
  await aborted;
  await expect.poll(() => partials(home)).toEqual([`${hex}.blob`]);
  const progress: number[] = [];
  await home.store.pull(`${proxy.host}/big`, { onProgress: ({ completedBytes }) => progress.push(completedBytes) });
  expect(ranges(proxy)).toEqual([undefined, 'bytes=1000000-']);
  expect(progress).toContain(1_000_000);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(await partials(home)).toEqual([]);
});

test('a pull goes on where a process that was killed stopped', async () => {
  await using proxy = await stalling();
  await using home = await imageHome();
  const program = `
    import { DatabaseSync } from 'node:sqlite';
    import { openImageStore } from ${JSON.stringify(join(import.meta.dirname, 'store.ts'))};
    const homeDir = ${JSON.stringify(home.path)};
    const store = await openImageStore({ homeDir, database: new DatabaseSync(homeDir + '/boxlite.db') });
    await store.of('default').pull('${proxy.host}/big');
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' });
  const gone = once(child, 'exit');
  await expect.poll(() => bytesUnderWay(home), { timeout: 10_000 }).toBe(1_000_000);
  child.kill('SIGKILL');
  await gone;
  await home.reopen();
  expect(await partials(home)).toEqual([`${hex}.blob`]);
  await home.store.pull(`${proxy.host}/big`);
  expect(ranges(proxy)).toEqual([undefined, 'bytes=1000000-']);
  expect(await home.unfinished()).toEqual([]);
});

test('a part that is damaged, too long or whole is noticed, and the image is right in the end', async () => {
  const blob = image.blobs[1]?.bytes ?? new Uint8Array();
  await using home = await imageHome();
  const file = join(home.path, 'images/partial', `${hex}.blob`);
  for (const [part, requests] of [
    [randomBytes(1000), ['bytes=1000-', undefined]],
    [Buffer.concat([blob, Buffer.alloc(10)]), [undefined]],
    [randomBytes(blob.length), [undefined]],
    [blob, []],
  ] as const) {
    await using proxy = await faultyProxy(registry.host, () => 'pass');
    await writeFile(file, part);
    expect((await home.store.pull(`${proxy.host}/big`)).id).toBe(image.manifest.descriptor.digest);
    expect(ranges(proxy)).toEqual(requests);
    await home.store.remove(`${proxy.host}/big`);
    expect(await partials(home)).toEqual([]);
  }
});

test('parts that nobody came back for are removed when the store opens, after a week', async () => {
  await using home = await imageHome();
  const folder = join(home.path, 'images/partial');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${hex}.blob`), 'new');
  await writeFile(join(folder, `${'0'.repeat(64)}.blob`), 'old');
  const past = Date.now() / 1000 - 8 * 24 * 3600;
  await utimes(join(folder, `${'0'.repeat(64)}.blob`), past, past);
  await home.reopen();
  expect(await partials(home)).toEqual([`${hex}.blob`]);
  expect((await home.store.prune()).freedBytes).toBe(3);
  expect(await partials(home)).toEqual([]);
});
