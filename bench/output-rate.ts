import { spawn } from 'node:child_process';
import { once as event } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Box } from 'boxlite';
import { countedBytes, inTurns, once, type Row } from './measure.ts';

const rounds = 5;
const mebibytes = 1024;
const dd = ['if=/dev/zero', 'bs=1M', `count=${mebibytes}`] as const;

async function rate(work: () => Promise<void>): Promise<number> {
  return (mebibytes * 1000) / (await once(work));
}

async function counted(output: AsyncIterable<Uint8Array>): Promise<void> {
  if ((await countedBytes(output)) !== mebibytes * 1024 ** 2) throw new Error('output is missing');
}

/** What the disk itself takes, through the page cache as a log does: the file of a program that nothing stands between. */
async function intoFile(file: string): Promise<void> {
  const child = spawn('dd', [...dd, `of=${file}`], { stdio: 'ignore' });
  const [code] = await event(child, 'exit');
  if (code !== 0) throw new Error(`dd exited with ${code}`);
}

/** 1 GiB of output by every way that it can take, in turns; `homeDir` is where the logs are. */
export async function outputRate(ways: {
  readonly local: Box;
  readonly remote: Box;
  readonly homeDir: string;
}): Promise<Row[]> {
  const { local, remote, homeDir } = ways;
  const file = join(homeDir, 'disk-rate');
  return inTurns(rounds, 'MiB/s', {
    '1 GiB of output, plain pipe into Node': () => rate(() => counted(spawn('dd', [...dd]).stdout)),
    '1 GiB of output, dd into a file beside the logs': async () => {
      const value = await rate(() => intoFile(file));
      rmSync(file);
      return value;
    },
    '1 GiB of output, log on disk included, local': () =>
      rate(async () => counted((await local.exec('dd', [...dd])).stdout)),
    '1 GiB of output, log on disk included, nobody reads, local': () =>
      rate(async () => void (await (await local.exec('dd', [...dd])).wait())),
    '1 GiB of output, log on disk included, REST': () =>
      rate(async () => counted((await remote.exec('dd', [...dd])).stdout)),
  });
}
