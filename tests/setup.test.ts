import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { countTests } from '../scripts/test.ts';

const scripts = join(import.meta.dirname, '../scripts');

/** A folder that looks like a clone with its npm packages installed; its guest, image and page are built by little programs. */
async function smallClone(): Promise<{ readonly root: string } & AsyncDisposable> {
  const root = await mkdtemp(join(tmpdir(), 'boxlite-setup-'));
  const folders = ['guest', 'images/base', 'packages/runtime/src/tar', 'node_modules/.bin', 'scripts'];
  const ofPage = ['dashboard', 'sdk/src', 'api/src', 'rest/src'].map((name) => `packages/${name}`);
  for (const folder of [...folders, ...ofPage, 'node_modules/vite/bin']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await cp(join(scripts, 'setup'), join(root, 'scripts/setup'), { recursive: true });
  await cp(join(scripts, 'setup.mjs'), join(root, 'scripts/setup.mjs'));
  const lock = JSON.stringify({ packages: { '': {}, 'node_modules/a': { version: '1.0.0' } } });
  await writeFile(join(root, 'package-lock.json'), lock);
  await writeFile(join(root, 'node_modules/.package-lock.json'), lock);
  await writeFile(join(root, 'guest/Makefile'), 'all:\n\tmkdir build && echo made >> ../guest-made\n');
  await writeFile(
    join(root, 'images/base/build.ts'),
    "import { appendFileSync, mkdirSync } from 'node:fs';\nmkdirSync('.setup/base-image', { recursive: true });\nappendFileSync('image-made', 'made\\n');\n",
  );
  await writeFile(
    join(root, 'node_modules/vite/bin/vite.js'),
    "import { mkdirSync } from 'node:fs';\nmkdirSync('.setup/dashboard');\n",
  );
  await writeFile(
    join(root, 'scripts/said.ts'),
    "console.log(process.argv.slice(2).join(' '));\nprocess.exitCode = 7;\n",
  );
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

async function setup(
  root: string,
  args: readonly string[] = [],
): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const done = await promisify(execFile)(process.execPath, [join(root, 'scripts/setup.mjs'), ...args]);
    return { code: 0, ...done };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

test('set-up makes what is missing, says so, and has nothing to do the second time', async () => {
  await using clone = await smallClone();
  const first = await setup(clone.root);
  expect([first.code, first.stderr.match(/setup {2}(guest|base image|dashboard) done/g)]).toEqual([
    0,
    ['setup  guest done', 'setup  base image done', 'setup  dashboard done'],
  ]);
  expect(await setup(clone.root)).toMatchObject({ code: 0, stdout: '', stderr: '' });
});

test('only what changed is made again', async () => {
  await using clone = await smallClone();
  await setup(clone.root);
  await writeFile(join(clone.root, 'images/base/more.ts'), '');
  const { stderr } = await setup(clone.root);
  expect(stderr).toContain('base image done');
  expect(stderr).not.toContain('guest');
});

test('two set-ups at once make everything once', async () => {
  await using clone = await smallClone();
  // The Makefile fails when the guest is built a second time.
  const both = await Promise.all([setup(clone.root), setup(clone.root)]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
});

test('the script gets its arguments, and its exit code is the one of set-up', async () => {
  await using clone = await smallClone();
  expect(await setup(clone.root, ['--', 'scripts/said.ts', 'a', '--b'])).toMatchObject({ code: 7, stdout: 'a --b\n' });
});

test('a step that fails shows its output and stops set-up', async () => {
  await using clone = await smallClone();
  await writeFile(join(clone.root, 'guest/Makefile'), 'all:\n\techo the reason && false\n');
  const { code, stderr } = await setup(clone.root, ['--', 'scripts/said.ts']);
  expect(code).toBe(1);
  expect(stderr).toContain('the reason');
  expect(stderr).toMatch(/Error: `make -C \S+guest` failed \(exit code 2\); its output is above\n$/);
});

test('the counts of the last line name a file that did not end as failed', () => {
  const progress = [{ file: 'a.test.ts' }, { file: 'b.test.ts' }, { file: 'a.test.ts', passed: 2, failed: 1 }].map(
    (event) => JSON.stringify(event),
  );
  expect(countTests(`${progress.join('\n')}\n`)).toEqual({ passed: 2, failed: 2, unfinished: ['b.test.ts'] });
});
