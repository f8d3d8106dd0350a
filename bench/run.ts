import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Box } from 'boxlite';
import { Boxlite } from 'boxlite';
import { bareRunc } from './bare-runc.ts';
import { execLatency } from './exec-latency.ts';
import { manyBoxes } from './many-boxes.ts';
import { printTable, type Row } from './measure.ts';
import { besideBombs } from './neighbour.ts';
import { outputRate } from './output-rate.ts';
import { requestCost } from './request-cost.ts';
import { startServer } from './server-process.ts';
import { startLatency } from './start-latency.ts';
import { transferMemory } from './transfer-memory.ts';
import { warmStart } from './warm-start.ts';

const names = ['exec', 'start', 'warm', 'output', 'neighbour', 'transfer', 'many', 'request'] as const;
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !names.some((known) => known === name));
if (unknown !== undefined) {
  console.error(`no such group of measurements: ${unknown}; known: ${names.join(', ')}; none named: all`);
  process.exit(2);
}
const wanted = (name: (typeof names)[number]): boolean => asked.length === 0 || asked.includes(name);

// Everything is measured in this one run, so that ratios hold on a machine that others use too.
const image = 'boxlite/base:latest';
const dir = mkdtempSync(join(tmpdir(), 'boxlite-bench-'));
const rows: Row[] = [];

async function ready(runtime: Boxlite): Promise<Box> {
  const box = await runtime.create({ image, autoRemove: false, memoryMib: 2048 });
  await box.start();
  for (let i = 0; i < 50; i++) await box.run('true');
  return box;
}

const server = await startServer(join(dir, 'remote'), '--attached');
const homeDir = join(dir, 'local');
const local = await Boxlite.local({ homeDir });
try {
  const here = await ready(local);
  const remote = Boxlite.rest(server.options);
  const there = await ready(remote);
  const runc = bareRunc(homeDir, join(dir, 'bare'));
  if (wanted('exec')) {
    rows.push(...(await execLatency({ local: here, remote: there, runcExec: () => runc.exec(here.id), dir })));
  }
  if (wanted('start')) rows.push(...(await startLatency({ image, local, remote, runcRun: runc.run })));
  if (wanted('warm')) rows.push(...(await warmStart(dir)));
  if (wanted('output'))
    rows.push(...(await outputRate({ local: here, remote: there, serverPid: server.pid, homeDir })));
  if (wanted('neighbour')) rows.push(...(await besideBombs(dir)));
  if (wanted('transfer')) rows.push(...(await transferMemory(server, there, dir)));
  await remote.remove(there.id, { force: true });
  if (wanted('request')) rows.push(...(await requestCost()));
  if (wanted('many')) rows.push(...(await manyBoxes(dir, 100)), ...(await manyBoxes(dir, 300)));
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
