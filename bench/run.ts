import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Box } from 'boxlite';
import { Boxlite } from 'boxlite';
import { bareRunc } from './bare-runc.ts';
import { execLatency } from './exec-latency.ts';
import { manyBoxes } from './many-boxes.ts';
import { countedBytes, inTurns, once, printTable, type Row } from './measure.ts';
import { besideBombs } from './neighbour.ts';
import { startServer } from './server-process.ts';
import { transferMemory } from './transfer-memory.ts';
import { warmStart } from './warm-start.ts';

// Everything is measured in this one run, so that ratios hold on a machine that others use too.
const image = 'boxlite/base:latest';
const dir = mkdtempSync(join(tmpdir(), 'boxlite-bench-'));
const rows: Row[] = [];
const dd = ['if=/dev/zero', 'bs=1M', 'count=1024'] as const;

async function ready(runtime: Boxlite): Promise<Box> {
  const box = await runtime.create({ image, autoRemove: false, memoryMib: 2048 });
  await box.start();
  for (let i = 0; i < 50; i++) await box.run('true');
  return box;
}

const server = await startServer(join(dir, 'remote'), '--attached');
const local = await Boxlite.local({ homeDir: join(dir, 'local') });
try {
  const here = await ready(local);
  const remote = Boxlite.rest(server.options);
  const there = await ready(remote);

  const runc = bareRunc(join(dir, 'local'), join(dir, 'bare'));
  rows.push(...(await execLatency({ local: here, remote: there, runcExec: () => runc.exec(here.id), dir })));

  const start = async (runtime: Boxlite): Promise<number> => {
    const box = await runtime.create({ image, cpus: 1, memoryMib: 512, diskSizeGb: 1 });
    const ms = await once(async () => void (await box.run('true')));
    await runtime.remove(box.id, { force: true });
    return ms;
  };
  rows.push(
    ...(await inTurns(15, 'ms', {
      'start to first command, bare runc run true with the same cpu and memory limits': () => once(() => runc.run()),
      'start to first command, disk limit included, local': () => start(local),
      'start to first command, disk limit included, REST': () => start(remote),
    })),
  );

  rows.push(...(await warmStart(dir)));

  const rate = async (output: () => Promise<AsyncIterable<Uint8Array>>): Promise<number> => {
    const ms = await once(async () => {
      if ((await countedBytes(await output())) !== 2 ** 30) throw new Error('output is missing');
    });
    return 1_024_000 / ms;
  };
  const fromBox = async (box: Box): Promise<AsyncIterable<Uint8Array>> => (await box.exec('dd', [...dd])).stdout;
  rows.push(
    ...(await inTurns(3, 'MiB/s', {
      '1 GiB of output, plain pipe into Node': () => rate(async () => spawn('dd', [...dd]).stdout),
      '1 GiB of output, log on disk included, local': () => rate(() => fromBox(here)),
      '1 GiB of output, log on disk included, REST': () => rate(() => fromBox(there)),
    })),
  );
  rows.push(...(await besideBombs(dir)));
  rows.push(...(await transferMemory(server, there, dir)));
  await remote.remove(there.id, { force: true });
  rows.push(...(await manyBoxes(dir, 100)), ...(await manyBoxes(dir, 300)));
} finally {
  await local.shutdown();
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
}
printTable(rows);
mkdirSync('bench/results', { recursive: true });
const file = `bench/results/${new Date().toISOString().replaceAll(':', '-')}.json`;
writeFileSync(file, `${JSON.stringify({ node: process.version, rows }, null, 2)}\n`);
console.log(`written to ${file}`);
