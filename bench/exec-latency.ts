import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Box } from 'boxlite';
import { inTurns, median, medianMs, milliseconds, once, type Row } from './measure.ts';

const rounds = 9;
const perRound = 60;

async function runTrue(box: Box): Promise<void> {
  const { exitCode } = await (await box.exec('true')).wait();
  if (exitCode !== 0) throw new Error(`true exited with ${exitCode}`);
}

/** `true` by every way to start it, in turns, and a hundred at once. */
export async function execLatency(ways: {
  readonly local: Box;
  readonly remote: Box;
  readonly runcExec: () => Promise<void>;
  readonly dir: string;
}): Promise<Row[]> {
  const { local, remote, runcExec, dir } = ways;
  execFileSync('musl-gcc', ['-static', '-O2', '-o', join(dir, 'spawn'), 'bench/spawn.c']);
  await local.copyIn(join(dir, 'spawn'), '/root/spawn');
  const bareMs = async (): Promise<number> =>
    Number((await local.run('/root/spawn', [String(perRound), '/bin/true'])).stdout) / 1e6;
  const rows = await inTurns(rounds, 'ms', {
    'exec true, fork+exec in the box': bareMs,
    'exec true, spawning runc exec': () => medianMs(3, runcExec),
    'exec true, local': () => medianMs(perRound, () => runTrue(local)),
    'exec true, REST': () => medianMs(perRound, () => runTrue(remote)),
    'run true, REST': () => medianMs(perRound, async () => void (await remote.run('true'))),
  });
  const parallel: number[] = [];
  for (let i = 0; i < 5; i++) {
    parallel.push(await once(async () => void (await Promise.all(Array.from({ length: 100 }, () => runTrue(local))))));
  }
  return [...rows, { what: '100 parallel exec true, local', ...milliseconds(median(parallel)) }];
}
