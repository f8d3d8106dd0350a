import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Boxlite } from 'boxlite';
import { expect, test } from 'vitest';
import { startServer } from '../../bench/server-process.ts';
import { removeHome } from '../../packages/runtime/src/testing/home-folder.ts';
import { baseImage, leftovers, openSite, readOn, until } from './harness.ts';

test('a box that was paused when its server was killed is paused under the next, and goes on from there', async () => {
  await using site = await openSite();
  const box = await site.runtime.create({ image: baseImage, autoRemove: false });
  const command = await box.exec('sh', ['-c', 'echo begun; read line; echo "got $line"']);
  await readOn(command, { text: '', cursor: { stdout: 0, stderr: 0 } }, (text) => text.includes('begun'));
  const { pid } = await box.pause();
  await site.crash();
  const again = await site.runtime.get(box.id);
  expect(await again?.info()).toMatchObject({ status: 'paused', pid });
  await again?.resume();
  const execution = await again?.execution(command.id);
  const writer = execution?.stdin.getWriter();
  await writer?.write(new TextEncoder().encode('a line\n'));
  expect(await execution?.wait()).toMatchObject({ exitCode: 0 });
  expect(await new Response(execution?.stdout).text()).toBe('begun\ngot a line\n');
});

test('a paused box that must not outlive its server leaves nothing when that is killed', async () => {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-paused-'));
  const server = await startServer(home, '--attached');
  const box = await Boxlite.rest(server.options).create({ image: baseImage });
  await box.start();
  await box.pause();
  expect(leftovers(home, [box.id])).not.toEqual([]);
  await server.kill();
  await until('nothing of the box is left', () => leftovers(home, [box.id]).length === 0);
  // What undoes the box may still be at its last files.
  await removeHome(home);
});
