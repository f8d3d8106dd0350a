import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** How much of the output of ended executions is kept. */
export interface OutputRetention {
  /** From the end of the execution on. */
  readonly ms: number;
  /** In all. */
  readonly bytes: number;
}

/** What the sweep of output needs of its runtime. */
export interface OutputSweepParts {
  readonly retention: OutputRetention;
  /** The folder of boxes' folders. */
  readonly boxes: string;
  readonly running: (box: string, execution: string) => boolean;
  /** Forgets the output of an execution that ended before that time; false where it did not. */
  readonly forget: (box: string, execution: string, endedBefore: number, reason: string) => Promise<boolean>;
}

interface Log {
  readonly box: string;
  readonly execution: string;
  readonly size: number;
  readonly writtenAt: number;
}

/** Forgets output that is kept no longer, by age and then, what was written first going first, by size. */
export async function sweepOutput({ retention, boxes, running, forget }: OutputSweepParts): Promise<void> {
  const now = Date.now();
  const ended = (await logsOf(boxes)).filter(({ box, execution }) => !running(box, execution));
  const logs = ended.sort((a, b) => a.writtenAt - b.writtenAt);
  const aged = `output is kept for ${retention.ms / 1000} s after its execution's end`;
  const left: Log[] = [];
  for (const log of logs) {
    // Whatever ended so long ago has written nothing since.
    const old = log.writtenAt < now - retention.ms;
    if (!old || !(await forget(log.box, log.execution, now - retention.ms, aged))) left.push(log);
  }
  let total = left.reduce((sum, { size }) => sum + size, 0);
  const full = `no more than ${retention.bytes} bytes of output of ended executions are kept`;
  for (const { box, execution, size } of left) {
    if (total <= retention.bytes) return;
    if (await forget(box, execution, Number.POSITIVE_INFINITY, full)) total -= size;
  }
}

async function logsOf(boxes: string): Promise<Log[]> {
  const logs: Log[] = [];
  for (const box of await readdir(boxes)) {
    const folder = join(boxes, box, 'executions');
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter((each) => each.endsWith('.log'))) {
      const found = await stat(join(folder, name)).catch(() => undefined);
      if (!found) continue;
      logs.push({ box, execution: name.slice(0, -'.log'.length), size: found.size, writtenAt: found.mtimeMs });
    }
  }
  return logs;
}
