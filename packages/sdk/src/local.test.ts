import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'boxlite-local-'));
  await cp(join(import.meta.dirname, 'local.ts'), join(dir, 'local.ts'));
  await cp(join(import.meta.dirname, 'errors.ts'), join(dir, 'errors.ts'));
  await writeFile(join(dir, 'package.json'), '{"type":"module"}');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function open(): Promise<string> {
  const program = `import('./local.ts').then((m) => m.openLocal({ homeDir: '/h' })).then((r) => console.log(r), (e) => console.log(e.name + ': ' + e.message))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { cwd: dir });
  return stdout.trim();
}

it('says what to install where there is no local runtime', async () => {
  expect(await open()).toBe(
    'UnsupportedError: local boxes need @boxlite/runtime: npm install @boxlite/runtime, or use Boxlite.rest',
  );
});

it('hands the options to the runtime where there is one, and passes on what it throws', async () => {
  const home = join(dir, 'node_modules', '@boxlite', 'runtime');
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'package.json'), '{"type":"module","exports":"./index.js","name":"@boxlite/runtime"}');
  await writeFile(join(home, 'index.js'), 'export const openLocal = async (options) => "opened " + options.homeDir;');
  expect(await open()).toBe('opened /h');
  await writeFile(join(home, 'index.js'), 'throw new Error("needs Node 24");');
  expect(await open()).toBe('Error: needs Node 24');
});
