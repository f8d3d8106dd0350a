import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Box, Boxlite, OutputTruncatedError } from 'boxlite';
import type { BoxliteOptions } from 'boxlite/backend';
import { expect, onTestFinished, test } from 'vitest';
import { sweepOutput } from './output-retention.ts';

interface Opened {
  readonly runtime: Boxlite;
  readonly box: Box;
  /** The logs that there are. */
  readonly logs: () => Promise<string[]>;
}

async function opened(options: BoxliteOptions): Promise<Opened> {
  const homeDir = await mkdtemp(join(tmpdir(), 'boxlite-retention-'));
  const runtime = await Boxlite.local({ homeDir, ...options });
  onTestFinished(async () => {
    await runtime.shutdown();
    await rm(homeDir, { recursive: true, force: true });
  });
  const box = await runtime.create({ image: 'boxlite/base:latest' });
  const logs = async (): Promise<string[]> => readdir(join(homeDir, 'boxes', box.id, 'executions'));
  return { runtime, box, logs };
}

test('output is forgotten some time after its execution ended; how it ended, and how much it was, stays', async () => {
  const { runtime, box, logs } = await opened({ outputRetentionMs: 500 });
  expect((await runtime.config()).capabilities).toMatchObject({ outputRetentionMs: 500 });
  const running = await box.exec('sh', ['-c', 'echo waiting; cat']);
  const ended = await box.exec('sh', ['-c', 'echo done; exit 3']);
  // Read from the beginning on: half a second after the end may be over before anything is asked.
  const [said] = await Promise.all([new Response(ended.stdout).text(), ended.wait()]);
  expect(said).toBe('done\n');
  await expect.poll(logs).toEqual([`${running.id}.log`]);
  for (const execution of [ended, await box.execution(ended.id)]) {
    await expect(execution.output().next()).rejects.toThrow(OutputTruncatedError);
    await expect(execution.output().next()).rejects.toThrow(/output is kept for 0.5 s/);
    expect(await execution.wait()).toMatchObject({ exitCode: 3 });
    expect(await execution.status()).toMatchObject({ outputBytes: { stdout: 5, stderr: 0 } });
    // Who has everything misses nothing.
    expect(await execution.output({ from: { stdout: 5, stderr: 0 } }).next()).toMatchObject({ done: true });
  }
  await running.stdin.close();
  expect(await new Response(running.stdout).text()).toBe('waiting\n');
});

test('of the output of ended executions so much is kept in all, the last; what runs is not counted', async () => {
  const boxes = await mkdtemp(join(tmpdir(), 'boxlite-retention-'));
  onTestFinished(() => rm(boxes, { recursive: true, force: true }));
  const folder = join(boxes, 'box', 'executions');
  await mkdir(folder, { recursive: true });
  await mkdir(join(boxes, 'never-started'));
  for (const [i, name] of ['a', 'b', 'c', 'd', 'running'].entries()) {
    await writeFile(join(folder, `${name}.log`), Buffer.alloc(10_000));
    await utimes(join(folder, `${name}.log`), i, i);
  }
  const forgotten: string[] = [];
  await sweepOutput({
    retention: { ms: Number.POSITIVE_INFINITY, bytes: 25_000 },
    boxes,
    running: (_box, execution) => execution === 'running',
    forget: async (box, execution) => {
      if (execution === 'b') return false;
      forgotten.push(`${box}/${execution}`);
      return true;
    },
  });
  expect(forgotten).toEqual(['box/a', 'box/c']);
});
