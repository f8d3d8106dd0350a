import { execFile } from 'node:child_process';
import { chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { bin } from './testing/cli.ts';

const nobody = 65534;

async function homeFolder(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-cache-'));
  onTestFinished(() => rm(home, { recursive: true }));
  return home;
}

/** What lies in a home directory after the command ran there. */
async function leftIn(home: string | undefined): Promise<readonly string[]> {
  const { NODE_COMPILE_CACHE: _, XDG_CACHE_HOME: __, HOME: ___, ...rest } = process.env;
  const env = home === undefined ? rest : { ...rest, HOME: home };
  const { stdout } = await promisify(execFile)(process.execPath, [bin, '--version'], { env });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  return home === undefined ? [] : await readdir(home, { recursive: true }).catch(() => []);
}

test('compiled code is kept in the cache folder of the user', async () => {
  const home = await homeFolder();
  expect(await leftIn(home)).toContain('.cache/boxlite');
});

test.for(['.', '.cache'])('nothing is kept where %s of the home belongs to somebody else', async (folder) => {
  const home = await homeFolder();
  await mkdir(join(home, folder), { recursive: true });
  await chown(join(home, folder), nobody, nobody);
  expect(await leftIn(home)).not.toContain('.cache/boxlite');
});

test('the command runs without a home, and with one that is not there', async () => {
  expect(await leftIn(undefined)).toEqual([]);
  expect(await leftIn('/nonexistent/home')).toEqual([]);
});
