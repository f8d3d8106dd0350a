import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  openAsBlob,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Box, CopyProgress } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onBothBackends, startedBox } from './harness.ts';

const mib = 1024 * 1024;
/** With BOXLITE_BIG_FILES, what no CI has time for. */
const big = process.env['BOXLITE_BIG_FILES'] !== undefined;
const sizeMib = big ? 4096 : 256;
const streamedMib = big ? sizeMib : 64;
const manyFiles = 10_000;
/** How much more memory client and server together may have while a file of any size passes. */
const mostGrowthMib = 160;

let dir: string;
let digest: string;

async function hashed(path: string): Promise<string> {
  const hash: Hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: mib })) hash.update(chunk);
  return hash.digest('hex');
}

const contentOf = (i: number): string => `${i} `.repeat(1 + (i % 50));

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'boxlite-large-'));
  const hash = createHash('sha256');
  const writer = createWriteStream(join(dir, 'big'));
  for (let i = 0; i < sizeMib; i++) {
    const block = Buffer.alloc(mib, `block ${i} of a file whose every block is another; `);
    hash.update(block);
    if (!writer.write(block)) await once(writer, 'drain');
  }
  await new Promise<void>((resolve) => writer.end(resolve));
  digest = hash.digest('hex');
  if (!big) await writeFile(join(dir, 'part'), createReadStream(join(dir, 'big'), { end: streamedMib * mib - 1 }));
  for (let i = 0; i < manyFiles; i++) {
    if (i % 100 === 0) mkdirSync(join(dir, `many/${i / 100}`), { recursive: true });
    writeFileSync(join(dir, `many/${Math.floor(i / 100)}/file-${i}`), contentOf(i));
  }
}, 600_000);
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Runs a transfer of so many MiB; memory may not grow with it. */
async function flat(what: string, count: number, transfer: () => Promise<void>): Promise<void> {
  const before = process.memoryUsage.rss();
  let most = before;
  const look = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 20);
  const began = performance.now();
  try {
    await transfer();
  } finally {
    clearInterval(look);
  }
  const seconds = (performance.now() - began) / 1000;
  const grown = (most - before) / mib;
  process.stdout.write(
    `${expect.getState().currentTestName}: ${what} ${(count / seconds).toFixed(0)} MiB/s, memory +${grown.toFixed(0)} MiB\n`,
  );
  expect(grown).toBeLessThan(mostGrowthMib);
}

// Not on gVisor too: the same bytes take the same way, and there ten thousand files take long.
onBothBackends(
  (runtime) => {
    let box: Box;
    beforeAll(async () => {
      box = await startedBox(runtime());
    });
    afterAll(async () => {
      await runtime().remove(box.id, { force: true });
    });

    test('a large file goes in and out by copies with the same hash, and memory stays flat', {
      timeout: 600_000,
    }, async () => {
      let told: CopyProgress | undefined;
      const onProgress = (progress: CopyProgress): void => {
        expect(progress.completedBytes).toBeGreaterThan(told?.completedBytes ?? 0);
        told = progress;
      };
      await flat('in', sizeMib, () => box.copyIn(join(dir, 'big'), '/srv/big', { onProgress }));
      expect(told).toEqual({ path: 'big', completedBytes: sizeMib * mib });
      expect((await box.files.stat('/srv/big')).size).toBe(sizeMib * mib);
      told = undefined;
      await flat('out', sizeMib, () => box.copyOut('/srv/big', join(dir, 'big.out'), { onProgress }));
      expect(told).toEqual({ path: 'big', completedBytes: sizeMib * mib });
      expect(await hashed(join(dir, 'big.out'))).toBe(digest);
      await rm(join(dir, 'big.out'));
      await box.files.remove('/srv/big');
    });

    test('a large file goes in and out by streams with the same hash, and memory stays flat', {
      timeout: 600_000,
    }, async () => {
      const streamed = join(dir, big ? 'big' : 'part');
      const source = await openAsBlob(streamed);
      await flat('write', streamedMib, () => box.files.write('/srv/big', source.stream()));
      const hash = createHash('sha256');
      await flat('read', streamedMib, async () => {
        for await (const chunk of await box.files.readStream('/srv/big')) hash.update(chunk);
      });
      expect(hash.digest('hex')).toBe(await hashed(streamed));
      await box.files.remove('/srv/big');
    });

    test('ten thousand small files go in and out unchanged', { timeout: 120_000 }, async () => {
      let began = performance.now();
      await box.copyIn(join(dir, 'many'), '/srv/many');
      const inMs = performance.now() - began;
      began = performance.now();
      const out = join(dir, `out-${box.id}`);
      await box.copyOut('/srv/many', out);
      const outMs = performance.now() - began;
      process.stdout.write(
        `${expect.getState().currentTestName}: in ${inMs.toFixed(0)} ms, out ${outMs.toFixed(0)} ms\n`,
      );
      const names = readdirSync(join(out, 'many'), { recursive: true }).filter((name) => name.includes('file-'));
      expect(names).toHaveLength(manyFiles);
      for (let i = 0; i < manyFiles; i++) {
        const text = readFileSync(join(out, `many/${Math.floor(i / 100)}/file-${i}`), 'utf8');
        if (text !== contentOf(i)) throw new Error(`file-${i} came out as ${text}`);
      }
      await rm(out, { recursive: true });
      await box.files.remove('/srv/many', { recursive: true });
    });
  },
  { gvisor: false },
);
