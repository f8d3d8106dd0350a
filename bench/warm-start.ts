import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Boxlite, type BoxOptions } from 'boxlite';
import { inTurns, once, type Row } from './measure.ts';

const box: BoxOptions = { image: 'boxlite/base:latest', cpus: 1, memoryMib: 512, diskSizeGb: 1 };
const size = 3;

/** From `create` to the first command's end: a box from the warm pool with a disk limit and a network, beside a cold one. */
export async function warmStart(dir: string): Promise<Row[]> {
  const cold = await Boxlite.local({ homeDir: join(dir, 'cold') });
  const warm = await Boxlite.local({ homeDir: join(dir, 'warm'), warm: [{ size, box }] });
  const created = async (runtime: Boxlite, name?: string): Promise<number> => {
    let id = '';
    const ms = await once(async () => {
      const made = await runtime.create(box, name);
      id = made.id;
      await made.run('true');
    });
    await runtime.remove(id, { force: true });
    return ms;
  };
  // Full, and nothing else under way: what is made in the background is not what a start costs.
  const taken = async (name?: string): Promise<number> => {
    while ((await warm.metrics()).numWarmBoxes < size) await delay(10);
    return created(warm, name);
  };
  try {
    await cold.remove((await cold.create(box)).id);
    return await inTurns(21, 'ms', {
      'create to first command, cold': () => created(cold),
      'create to first command, from the warm pool': () => taken(),
      'create to first command, from the warm pool, with a name': () => taken('named'),
    });
  } finally {
    await Promise.all([cold.shutdown(), warm.shutdown()]);
  }
}
