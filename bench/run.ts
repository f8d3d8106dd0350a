import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Box } from 'boxlite';
import { Boxlite } from 'boxlite';
import { bareRunc } from './bare-runc.ts';
import { countedBytes, medianMs, milliseconds, once, printTable, type Row } from './measure.ts';
import { startServer } from './server-process.ts';
import { transferMemory } from './transfer-memory.ts';

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

async function mib(box: Box): Promise<number> {
  const ms = await once(async () => {
    const execution = await box.exec('dd', [...dd]);
    if ((await countedBytes(execution.stdout)) !== 1024 ** 3) throw new Error('output is missing');
  });
  return 1_024_000 / ms;
}

const server = await startServer(join(dir, 'remote'), '--attached');
const local = await Boxlite.local({ homeDir: join(dir, 'local') });
try {
  const here = await ready(local);
  const remote = Boxlite.rest(server.options);
  const there = await ready(remote);

  execFileSync('musl-gcc', ['-static', '-O2', '-o', join(dir, 'spawn'), 'bench/spawn.c']);
  await here.copyIn(join(dir, 'spawn'), '/root/spawn');
  const bare = Number((await here.run('/root/spawn', ['500', '/bin/true'])).stdout) / 1e6;
  const runc = bareRunc(join(dir, 'local'), join(dir, 'bare'));
  const runcExec = await medianMs(20, () => runc.exec(here.id));
  const execLocal = await medianMs(500, async () => {
    await (await here.exec('true')).wait();
  });
  const execRest = await medianMs(300, async () => {
    await (await there.exec('true')).wait();
  });
  rows.push(
    { what: 'exec true, fork+exec in the box', ...milliseconds(bare) },
    { what: 'exec true, spawning runc exec', ...milliseconds(runcExec), ratio: runcExec / bare },
    { what: 'exec true, local', ...milliseconds(execLocal), ratio: execLocal / bare },
    { what: 'exec true, REST', ...milliseconds(execRest), ratio: execRest / bare },
  );

  const runcRun = await medianMs(20, () => runc.run());
  const started = async (runtime: Boxlite): Promise<number> => {
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      const box = await runtime.create({ image });
      times.push(await once(async () => void (await box.run('true'))));
      await runtime.remove(box.id, { force: true });
    }
    return times.sort((a, b) => a - b)[10] ?? Number.NaN;
  };
  const startLocal = await started(local);
  const startRest = await started(remote);
  rows.push(
    { what: 'start to first command, bare runc run true', ...milliseconds(runcRun) },
    { what: 'start to first command, local', ...milliseconds(startLocal), ratio: startLocal / runcRun },
    { what: 'start to first command, REST', ...milliseconds(startRest), ratio: startRest / runcRun },
  );

  const pipe = 1_024_000 / (await once(async () => void (await countedBytes(spawn('dd', [...dd]).stdout))));
  const outLocal = await mib(here);
  const outRest = await mib(there);
  rows.push(
    { what: '1 GiB of output, plain pipe into Node', value: pipe, unit: 'MiB/s' },
    { what: '1 GiB of output, local', value: outLocal, unit: 'MiB/s', ratio: outLocal / pipe },
    { what: '1 GiB of output, REST', value: outRest, unit: 'MiB/s', ratio: outRest / pipe },
  );
  rows.push(...(await transferMemory(server, there, dir)));
  await remote.remove(there.id, { force: true });
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
