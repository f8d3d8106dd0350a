import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Box } from 'boxlite';
import { medianMs, milliseconds, once, type Row } from './measure.ts';

const rounds = 9;
const perRound = 60;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function runTrue(box: Box): Promise<void> {
  const { exitCode } = await (await box.exec('true')).wait();
  if (exitCode !== 0) throw new Error(`true exited with ${exitCode}`);
}

/**
 * `true` by every way to start it, in turns, so that what else the machine does meets all of them alike; each ratio is
 * the median over the rounds of that round's own ratio to fork and exec in the box.
 */
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
  const measured: { bare: number; runc: number; here: number; there: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    measured.push({
      bare: await bareMs(),
      here: await medianMs(perRound, () => runTrue(local)),
      there: await medianMs(perRound, () => runTrue(remote)),
      runc: await medianMs(3, runcExec),
    });
  }
  const row = (what: string, of: 'bare' | 'runc' | 'here' | 'there'): Row => ({
    what,
    ...milliseconds(median(measured.map((each) => each[of]))),
    ratio: median(measured.map((each) => each[of] / each.bare)),
  });
  const parallel: number[] = [];
  for (let i = 0; i < 5; i++) {
    parallel.push(await once(async () => void (await Promise.all(Array.from({ length: 100 }, () => runTrue(local))))));
  }
  return [
    row('exec true, fork+exec in the box', 'bare'),
    row('exec true, spawning runc exec', 'runc'),
    row('exec true, local', 'here'),
    row('exec true, REST', 'there'),
    { what: '100 parallel exec true, local', ...milliseconds(median(parallel)) },
  ];
}
