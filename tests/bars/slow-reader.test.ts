import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { startServer } from '../../bench/server-process.ts';
import { resetPeak, residentMib } from '../../bench/transfer-memory.ts';
import { removeHome } from '../../packages/runtime/src/testing/home-folder.ts';

/** By hand with 1024: the bounds are the same. */
const mib = Number(process.env['BOXLITE_SLOW_READER_MIB'] ?? 128);
const program = join(import.meta.dirname, 'slow-reader-client.ts');
const key = 'blk_slow';
const timeout = 60_000 + mib * 200;

async function read(
  where: string,
  home: string,
  amount: number = mib,
): Promise<{ readonly bytes: number; readonly grownMib: number }> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, where, home, key, `${amount}`]);
  return JSON.parse(stdout);
}

async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-slow-'));
  onTestFinished(() => removeHome(home));
  return home;
}

test(`a slow reader of ${mib} MiB on this machine keeps memory flat`, { timeout }, async () => {
  const { bytes, grownMib } = await read('local', await newHome());
  console.log(`slow reader of ${mib} MiB, local: ${grownMib.toFixed(0)} MiB more`);
  expect(bytes).toBe(mib * 1024 * 1024);
  expect(grownMib).toBeLessThan(64);
});

test(`a slow reader of ${mib} MiB over REST keeps memory flat on both sides`, { timeout }, async () => {
  const home = await newHome();
  const server = await startServer(home, '--attached', `--api-key=${key}`);
  onTestFinished(() => server.stop());
  await read(server.url, home, 8);
  const idle = residentMib(server.pid).now;
  resetPeak(server.pid);
  const { bytes, grownMib } = await read(server.url, home);
  const grownServerMib = residentMib(server.pid).peak - idle;
  console.log(
    `slow reader of ${mib} MiB, REST: client ${grownMib.toFixed(0)}, server ${grownServerMib.toFixed(0)} MiB more`,
  );
  expect(bytes).toBe(mib * 1024 * 1024);
  expect(grownMib).toBeLessThan(64);
  expect(grownServerMib).toBeLessThan(64);
});
