import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Box, Boxlite } from 'boxlite';
import { milliseconds, once, type Row } from './measure.ts';
import { residentMib } from './transfer-memory.ts';

const image = 'boxlite/base:latest';

/** What the kernel charges to a box beyond page cache, in MiB, its processes' and its own memory for them. */
function chargedMib(homeDir: string, id: string): number {
  const state = JSON.parse(readFileSync(join(homeDir, 'engine/runc', id, 'state.json'), 'utf8'));
  const directory = state.cgroup_paths.memory ?? state.cgroup_paths[''];
  const v1 = existsSync(join(directory, 'memory.usage_in_bytes'));
  const used = Number(readFileSync(join(directory, v1 ? 'memory.usage_in_bytes' : 'memory.current'), 'utf8'));
  const stat = readFileSync(join(directory, 'memory.stat'), 'utf8');
  return (used - Number((v1 ? /^total_cache (\d+)/m : /^file (\d+)/m).exec(stat)?.[1])) / 1024 ** 2;
}

/** What is left of boxes in a home directory and in the table of mounts. */
function leftovers(homeDir: string): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return [
    ...readdirSync(join(homeDir, 'boxes')),
    ...readdirSync(join(homeDir, 'engine/runc')),
    ...mounts.filter((line) => line.includes(`${homeDir}/boxes/`)),
  ];
}

/** `count` boxes started at once, then idle, then removed at once; throws when one fails or anything is left. */
export async function manyBoxes(dir: string, count: number): Promise<Row[]> {
  const homeDir = join(dir, `many-${count}`);
  const runtime = await Boxlite.local({ homeDir });
  try {
    await runtime.remove((await runtime.create({ image, autoRemove: false })).id);
    const before = residentMib(process.pid).now;
    const boxes: Box[] = [];
    const startMs = await once(async () => {
      const start = async (): Promise<void> => {
        const box = await runtime.create({ image, autoRemove: false });
        boxes.push(box);
        const { exitCode } = await box.run('true');
        if (exitCode !== 0) throw new Error(`true exited with ${exitCode} in box ${box.id}`);
      };
      await Promise.all(Array.from({ length: count }, start));
    });
    const charged = boxes.reduce((sum, { id }) => sum + chargedMib(homeDir, id), 0) / count;
    const own = Math.max(residentMib(process.pid).now - before, 0) / count;
    const removeMs = await once(
      async () => void (await Promise.all(boxes.map(({ id }) => runtime.remove(id, { force: true })))),
    );
    const left = leftovers(homeDir);
    if (left.length > 0) throw new Error(`left behind: ${left.slice(0, 5).join(', ')}`);
    return [
      { what: `${count} boxes at once, to the first command of the last`, ...milliseconds(startMs) },
      { what: `${count} boxes at once, memory of each idle one`, value: charged + own, unit: 'MiB' },
      { what: `${count} boxes at once, removed, nothing left`, ...milliseconds(removeMs) },
    ];
  } finally {
    await runtime.shutdown();
  }
}

if (import.meta.main) {
  const { mkdtempSync, rmSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const { printTable } = await import('./measure.ts');
  const dir = mkdtempSync(join(tmpdir(), 'boxlite-bench-'));
  try {
    printTable(await manyBoxes(dir, Number(process.argv[2] ?? 100)));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
