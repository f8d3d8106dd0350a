import { join } from 'node:path';
import { type Box, Boxlite, type BoxOptions } from 'boxlite';
import { once, type Row } from './measure.ts';

const image = 'boxlite/base:latest';
const rounds = 10;
const perRound = 40;

interface Bomb {
  readonly what: string;
  readonly options: BoxOptions;
  readonly script: string;
}

const bombs: readonly Bomb[] = [
  { what: 'fork bomb', options: { processes: 64 }, script: 'f() { f | f & f; }; f 2>/dev/null' },
  {
    what: 'memory bomb',
    options: { memoryMib: 128 },
    script: 'while :; do sh -c "a=x; while :; do a=\\$a\\$a; done"; done',
  },
  {
    what: 'disk bomb',
    options: { diskSizeGb: 1 },
    script: 'while :; do dd if=/dev/zero of=/root/full bs=1M count=4096 2>/dev/null; done',
  },
  { what: 'output flood', options: { outputLimitBytes: 64 * 1024 ** 2 }, script: 'cat /dev/zero' },
];

async function timed(box: Box): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < perRound; i++) taken.push(await once(async () => void (await box.run('true'))));
  return taken;
}

function p95(taken: readonly number[]): number {
  return taken.toSorted((a, b) => a - b)[Math.floor(taken.length * 0.95)] ?? Number.NaN;
}

/** The p95 of a box's `true` beside a bomb in another box, against the same with the bomb paused, in turns. */
export async function besideBombs(dir: string): Promise<Row[]> {
  const runtime = await Boxlite.local({ homeDir: join(dir, 'neighbour') });
  try {
    const neighbour = await runtime.create({ image });
    await timed(neighbour);
    const rows: Row[] = [];
    for (const { what, options, script } of bombs) {
      const box = await runtime.create({ image, ...options });
      await box.exec('sh', ['-c', script], { stdin: '' });
      const [idle, beside]: [number[], number[]] = [[], []];
      for (let i = 0; i < rounds; i++) {
        await box.pause();
        idle.push(...(await timed(neighbour)));
        await box.resume();
        beside.push(...(await timed(neighbour)));
      }
      await runtime.remove(box.id, { force: true });
      rows.push({ what: `p95 of a neighbour's true, ${what} paused`, value: p95(idle), unit: 'ms', ratio: 1 });
      const ratio = p95(beside) / p95(idle);
      rows.push({ what: `p95 of a neighbour's true beside a ${what}`, value: p95(beside), unit: 'ms', ratio });
    }
    return rows;
  } finally {
    await runtime.shutdown();
  }
}
