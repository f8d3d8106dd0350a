import type { Boxlite } from 'boxlite';
import { inTurns, once, type Row } from './measure.ts';

const rounds = 31;

/**
 * From the call that makes a box to the end of its first command, by every way. Each is in turns with a bare run alone: what the
 * other runtime still tidies up, and makes ready for its next start, would fall on one side only.
 */
export async function startLatency(ways: {
  readonly image: string;
  readonly local: Boxlite;
  readonly remote: Boxlite;
  readonly runcRun: () => Promise<void>;
}): Promise<Row[]> {
  const { image, local, remote, runcRun } = ways;
  const start = async (runtime: Boxlite): Promise<number> => {
    const box = await runtime.create({ image, cpus: 1, memoryMib: 512, diskSizeGb: 1 });
    const ms = await once(async () => void (await box.run('true')));
    await runtime.remove(box.id, { force: true });
    return ms;
  };
  const inTurnsWithBare = (what: string, runtime: Boxlite): Promise<Row[]> =>
    inTurns(rounds, 'ms', {
      [`start to first command, bare runc run true with the same cpu and memory limits, beside ${what}`]: () =>
        once(runcRun),
      [`start to first command, disk limit included, ${what}`]: () => start(runtime),
    });
  return [...(await inTurnsWithBare('local', local)), ...(await inTurnsWithBare('REST', remote))];
}
