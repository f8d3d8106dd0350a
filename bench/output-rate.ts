import { spawn } from 'node:child_process';
import { once as event } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Box, Execution } from 'boxlite';
import { countedBytes, inTurns, median, once, type Row } from './measure.ts';
import { processorMs } from './processor-time.ts';

const rounds = 5;
const mebibytes = 1024;
const dd = ['if=/dev/zero', 'bs=1M', `count=${mebibytes}`] as const;

const processes = ['local', 'client', 'server'] as const;
type Process = (typeof processes)[number];

async function rate(work: () => Promise<void>): Promise<number> {
  return (mebibytes * 1000) / (await once(work));
}

async function counted(output: AsyncIterable<Uint8Array>): Promise<void> {
  if ((await countedBytes(output)) !== mebibytes * 1024 ** 2) throw new Error('output is missing');
}

async function read({ stdout }: Execution): Promise<void> {
  await counted(stdout);
}

/** What the disk itself takes, through the page cache as a log does: the file of a program that nothing stands between. */
async function intoFile(file: string): Promise<void> {
  const child = spawn('dd', [...dd, `of=${file}`], { stdio: 'ignore' });
  const [code] = await event(child, 'exit');
  if (code !== 0) throw new Error(`dd exited with ${code}`);
}

/** The rate of a command of which all is read, or nothing, in a box; what it wrote goes afterwards, as the file beside it does. */
async function ofCommand(
  box: Box,
  use: (execution: Execution) => Promise<unknown>,
  timed: (work: () => Promise<void>) => Promise<number>,
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<Execution>();
  const value = await timed(async () => {
    const execution = await box.exec('dd', [...dd]);
    await use(execution);
    resolve(execution);
  });
  await (await promise).remove();
  return value;
}

/** 1 GiB of output by every way that it can take, in turns; `homeDir` is where the logs are. */
export async function outputRate(ways: {
  readonly local: Box;
  readonly remote: Box;
  readonly serverPid: number;
  readonly homeDir: string;
}): Promise<Row[]> {
  const { local, remote, serverPid, homeDir } = ways;
  const file = join(homeDir, 'disk-rate');
  const spent: Record<Process, number[]> = { local: [], client: [], server: [] };
  const spending = async (who: Partial<Record<Process, number>>, work: () => Promise<void>): Promise<number> => {
    const before = processes.map((name) => processorMs(who[name] ?? process.pid));
    const value = await rate(work);
    for (const [i, name] of processes.entries()) {
      if (who[name] !== undefined) spent[name].push((processorMs(who[name]) - (before[i] ?? Number.NaN)) / mebibytes);
    }
    return value;
  };
  const rates = await inTurns(rounds, 'MiB/s', {
    '1 GiB of output, plain pipe into Node': () => rate(() => counted(spawn('dd', [...dd]).stdout)),
    '1 GiB of output, dd into a file beside the logs': async () => {
      const value = await rate(() => intoFile(file));
      rmSync(file);
      return value;
    },
    '1 GiB of output, log on disk included, local': () =>
      ofCommand(local, read, (work) => spending({ local: process.pid }, work)),
    '1 GiB of output, log on disk included, nobody reads, local': () =>
      ofCommand(local, (execution) => execution.wait(), rate),
    '1 GiB of output, log on disk included, REST': () =>
      ofCommand(remote, read, (work) => spending({ client: process.pid, server: serverPid }, work)),
  });
  const processor = { local: 'local', client: 'REST, client', server: 'REST, server' } as const;
  return [
    ...rates,
    ...processes.map((name) => ({
      what: `processor time of 1 GiB of output, ${processor[name]}`,
      value: median(spent[name]),
      unit: 'ms/MiB' as const,
      ratio: median(spent[name].map((value, i) => value / (spent.local[i] ?? Number.NaN))),
    })),
  ];
}
