import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Boxlite } from 'boxlite';
import { expect, test } from 'vitest';
import { removeHome } from '../../packages/runtime/src/testing/home-folder.ts';
import { imageWithConfig } from '../image-with-config.ts';
import { readOn } from './harness.ts';

const heard = (text: string): boolean => text.includes('ready');

test('a stop sends the signal of its image to the main command, waits for it, and kills what is left', async () => {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-stop-signal-'));
  await using runtime = await Boxlite.local({ homeDir: join(home, 'home') });
  await imageWithConfig(join(home, 'layout'), { StopSignal: 'SIGINT' });
  await runtime.images.import(join(home, 'layout'), 'with/stop-signal:1');
  const ends =
    'trap "sleep 0.2; echo interrupted; exit 4" INT; trap "echo terminated; exit 5" TERM; echo ready; while :; do sleep 0.02; done';
  const box = await runtime.create({ image: 'with/stop-signal:1', autoRemove: false, cmd: ['sh', '-c', ends] });
  const { mainExecutionId = '' } = await box.start();
  const main = await box.execution(mainExecutionId);
  const seen = { text: '', cursor: { stdout: 0, stderr: 0 } };
  await readOn(main, seen, heard);
  expect(await box.stop({ timeoutMs: 10_000 })).toMatchObject({ status: 'stopped', exitCode: 4 });
  await readOn(main, seen);
  expect(seen.text).toBe('ready\ninterrupted\n');

  const stays = 'trap "" INT TERM; echo ready; while :; do sleep 0.02; done';
  const stubborn = await runtime.create({ image: 'with/stop-signal:1', autoRemove: false, cmd: ['sh', '-c', stays] });
  const started = await stubborn.start();
  const other = await stubborn.execution(started.mainExecutionId ?? '');
  await readOn(other, { text: '', cursor: { stdout: 0, stderr: 0 } }, heard);
  const begun = performance.now();
  await stubborn.stop({ timeoutMs: 500 });
  expect(performance.now() - begun).toBeGreaterThan(450);
  // Without a time of its own it would wait for half a minute.
  expect(performance.now() - begun).toBeLessThan(25_000);
  expect(await other.wait()).toMatchObject({ exitCode: 137 });
  await runtime.shutdown();
  await removeHome(home);
});
