import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Boxlite, type Execution } from 'boxlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { imageWithConfig } from '../../../../tests/image-with-config.ts';
import { removeHome } from '../testing/home-folder.ts';

const hourMs = 3_600_000;

const loop = 'while :; do sleep 0.05; done';

/** Reads the output until it has a word. */
async function until(execution: Execution, word: string): Promise<void> {
  let text = '';
  for await (const { data } of execution.output()) {
    text += String(data);
    if (text.includes(word)) return;
  }
}

test('a clock that is set by an hour takes no grace from a stop, and makes no duration negative', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'boxlite-clock-'));
  onTestFinished(() => removeHome(folder));
  await imageWithConfig(join(folder, 'image'), { StopSignal: 'SIGINT' });
  await using runtime = await Boxlite.local({ homeDir: join(folder, 'home') });
  await runtime.images.import(join(folder, 'image'), 'clock:1');
  const main = `trap "echo ending; sleep 0.3; exit 0" INT; echo up; ${loop}`;
  const box = await runtime.create({ image: 'clock:1', autoRemove: false, entrypoint: ['sh', '-c'], cmd: [main] });
  const { mainExecutionId = '' } = await box.start();
  const first = await box.execution(mainExecutionId);
  const saving = await box.exec('sh', ['-c', `trap "sleep 0.3; exit 0" TERM; echo up; ${loop}`]);
  await Promise.all([until(first, 'up'), until(saving, 'up')]);
  const now = Date.now.bind(Date);
  onTestFinished(() => void vi.restoreAllMocks());
  const stopped = box.stop({ timeoutMs: 8000 });
  await until(first, 'ending');
  vi.spyOn(Date, 'now').mockImplementation(() => now() + hourMs);
  await stopped;
  expect((await saving.wait()).exitCode).toBe(0);
  await box.start();
  const running = await box.exec('sleep', ['1000']);
  vi.spyOn(Date, 'now').mockImplementation(() => now() - hourMs);
  await box.stop({ timeoutMs: 0 });
  expect((await running.wait()).durationMs).toBeGreaterThanOrEqual(0);
});
