import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  expect(await tracesOf(home, box)).toEqual([]);
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
  expect(await tracesOf(home, plain)).toEqual([]);
  await other.start(plain);
  expect(existsSync(`${box.folder}/sandbox.json`)).toBe(false);
});

test('names the engines that can be chosen', async () => {
  await expect(engineOf('podman')).rejects.toThrow('unknown engine "podman": choose runc, runsc or qemu');
  await expect(engineOf('crun')).rejects.toThrow('does not drive crun');
  await writeFile(`${home}/runsc`, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  await expect(engineOf(`${home}/runsc`)).rejects.toThrow('--version failed');
});
