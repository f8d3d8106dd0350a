import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectGuest } from '../guest/connect-guest.ts';
import { buildGuestBinary } from '../host/guest-binary.fixture.ts';
import { type Host, openHost } from '../host/host.ts';
import { boxAt, makeBusyboxLayer, tracesOf } from './box.fixture.ts';
import { openEngine } from './choice.ts';
import type { Engine, EngineBox } from './engine.ts';

let home: string;
let host: Host;
let box: EngineBox;
let serial = 0;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'boxlite-runsc-'));
  await makeBusyboxLayer(`${home}/layer`);
  host = await openHost({ binary: await buildGuestBinary(), lockPath: `${home}/lock` });
  box = boxAt(home, `SANDBOX${process.pid}N${serial++}`, { security: 'maximum' });
});
afterEach(async () => {
  const engine = await engineOf();
  await engine.kill(box);
  await engine.release(box);
  await host.close();
  await rm(home, { recursive: true });
});

async function engineOf(choice?: string): Promise<Engine> {
  return openEngine(
    { host, guestBinary: await buildGuestBinary(), stateDir: `${home}/state`, kernelRoots: [] },
    choice,
  );
}

test('gives maximum a kernel of its own beside runc, and leaves nothing of it', async () => {
  const engine = await engineOf();
  expect(engine.name).toBe('runc');
  const { pid } = await engine.start(box);
  expect(await engine.pid(box)).toBe(pid);
  expect(existsSync(`${box.folder}/sandbox.json`)).toBe(true);
  const channel = await connectGuest(box.socketPath);
  await channel.ping();
  channel.close();
  await engine.kill(box);
  await engine.release(box);
  await expect.poll(() => tracesOf(home, box)).toEqual([]);
  expect(await engine.pid(box)).toBeUndefined();
  await engine.destroy(box);
  expect(await readdir(box.folder)).toEqual([]);
});

test('a box stays with the engine that it was started on, whatever is chosen since', async () => {
  const plain: EngineBox = { ...box, security: 'standard' };
  const { pid } = await (await engineOf('runsc')).start(plain);
  const other = await engineOf('runc');
  expect(await other.pid(plain)).toBe(pid);
  const channel = await connectGuest(plain.socketPath);
  await channel.ping();
  channel.close();
  await other.kill(plain);
  await other.release(plain);
  await expect.poll(() => tracesOf(home, plain)).toEqual([]);
  await other.start(plain);
  expect(existsSync(`${box.folder}/sandbox.json`)).toBe(false);
});

test('what a runtime left that was killed before it knew its sandbox is ended by the next', async () => {
  await host.close();
  // Once runsc has started the box, and before the runtime hears of it, the runtime is killed.
  const runsc = `#!/bin/sh
runsc "$@" || exit
case " $* " in *" run "*) kill -9 "$(cat ${home}/runtime)" ;; esac
`;
  await writeFile(`${home}/runsc`, runsc, { mode: 0o755 });
  const program = fileURLToPath(new URL('runsc-orphan.fixture.ts', import.meta.url));
  const runtime = spawn(process.execPath, [program, home, await buildGuestBinary(), box.id], { stdio: 'inherit' });
  expect(await once(runtime, 'exit')).toEqual([null, 'SIGKILL']);
  host = await openHost({ binary: await buildGuestBinary(), lockPath: `${home}/lock` });
  expect(await processesOf(box.id)).not.toEqual([]);
  const engine = await engineOf();
  expect(await engine.pid(box)).toBeUndefined();
  await engine.kill(box);
  await engine.release(box);
  expect(await processesOf(box.id)).toEqual([]);
  await expect.poll(() => tracesOf(home, box)).toEqual([]);
});

/** The processes of this machine that name the box. */
async function processesOf(id: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const named = async (pid: string): Promise<boolean> =>
    (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').includes(id);
  const found = await Promise.all(pids.map(async (pid) => ((await named(pid)) ? [pid] : [])));
  return found.flat();
}

test('names the engines that can be chosen', async () => {
  await expect(engineOf('podman')).rejects.toThrow('unknown engine "podman": choose runc, crun, runsc or qemu');
  for (const name of ['runsc', 'crun']) {
    await writeFile(`${home}/${name}`, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    await expect(engineOf(`${home}/${name}`)).rejects.toThrow(/--version failed|crun refuses hosts .*boot with/);
  }
});
