import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Boxlite, ExecutionLostError } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeHome } from '../../packages/runtime/src/testing/home-folder.ts';
import { abortEverywhere, baseImage, hostProgramOf, leftovers, until } from './harness.ts';

let home: string;
let runtime: Boxlite;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'boxlite-lost-'));
  runtime = await Boxlite.local({ homeDir: home });
});
afterAll(async () => {
  await runtime.shutdown();
  await removeHome(home);
});

test('when PID 1 of a box is killed from outside, its executions are lost, never exit 0, and the box can start again', async () => {
  const box = await runtime.create({ image: baseImage, autoRemove: false });
  const execution = await box.exec('sh', ['-c', 'echo begun; sleep 100']);
  const begun = Promise.withResolvers<void>();
  const read = (async () => {
    let text = '';
    try {
      for await (const { data } of execution.output()) {
        text += new TextDecoder().decode(data);
        begun.resolve();
      }
      return { text, error: undefined };
    } catch (error) {
      return { text, error };
    }
  })();
  const { pid } = await box.start();
  if (pid === undefined) throw new Error('a running box has a process');
  await begun.promise;
  process.kill(pid, 'SIGKILL');
  await expect(execution.wait()).rejects.toThrow(ExecutionLostError);
  expect(await read).toEqual({ text: 'begun\n', error: expect.any(ExecutionLostError) });
  await until('the box has failed', async () => (await box.info()).status === 'failed');
  expect((await box.info()).errorMessage).toMatch(/nobody stopped it/);
  expect(leftovers(home, [box.id])).toEqual([]);
  expect((await box.run('echo', ['again'])).stdout).toBe('again\n');
  await box.stop({ timeoutMs: 0 });
});

test('when the host program is killed, boxes go on, and new ones start', async () => {
  const box = await runtime.create({ image: baseImage, autoRemove: false });
  const execution = await box.exec('cat');
  const killed = hostProgramOf(home);
  process.kill(killed, 'SIGKILL');
  const writer = execution.stdin.getWriter();
  await writer.write(new TextEncoder().encode('through'));
  await writer.close();
  expect(await new Response(execution.stdout).text()).toBe('through');
  const other = await until('another box', () => runtime.create({ image: baseImage }).catch(() => undefined));
  await until('its start', () =>
    other.start().then(
      () => true,
      () => false,
    ),
  );
  expect(hostProgramOf(home)).not.toBe(killed);
  await other.stop({ timeoutMs: 0 });
  await box.stop({ timeoutMs: 0 });
  expect(leftovers(home, [box.id, other.id])).toEqual([]);
});

test('a command that takes all memory ends with 137 and says why; the box goes on', async () => {
  const box = await runtime.create({ image: baseImage, memoryMib: 128 });
  const hog = await box.exec('sh', ['-c', 'a=x; while :; do a=$a$a; done']);
  expect(await hog.wait()).toMatchObject({ exitCode: 137, signal: 'SIGKILL' });
  expect((await hog.status()).errorMessage).toMatch(/out of memory.*memoryMib/);
  expect((await box.run('echo', ['alive'])).stdout).toBe('alive\n');
  await box.stop({ timeoutMs: 0 });
});

test('a box on runsc that is out of memory ends as a whole, says why of itself and of its commands, and starts again', async () => {
  const options = { image: baseImage, autoRemove: false, security: 'maximum', memoryMib: 128 } as const;
  const box = await runtime.create(options);
  const hog = await box.exec('sh', ['-c', 'a=x; while :; do a=$a$a; done']);
  await expect(hog.wait()).rejects.toThrow(/out of memory.*memoryMib 128/);
  await until('the box has failed', async () => (await box.info()).status === 'failed');
  expect((await box.info()).errorMessage).toMatch(/out of memory.*memoryMib 128/);
  expect(leftovers(home, [box.id])).toEqual([]);
  expect((await box.run('echo', ['again'])).stdout).toBe('again\n');
  await box.stop({ timeoutMs: 0 });
});

test('an abort at any moment leaves no command behind', async () => {
  await abortEverywhere(runtime);
});

test('a runtime that is shut down says so to everyone who still holds a box of it', async () => {
  const homeDir = join(home, 'second');
  const second = await Boxlite.local({ homeDir });
  const box = await second.create({ image: baseImage, autoRemove: false });
  const starting = box.start();
  await second.shutdown();
  await expect(starting).resolves.toMatchObject({ id: box.id });
  expect(leftovers(homeDir, [box.id])).toEqual([]);
  for (const use of [box.info(), box.start(), box.run('true'), box.stop(), box.metrics()]) {
    await expect(use).rejects.toMatchObject({ code: 'stopped' });
  }
});
