import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type Cli, cliInNewHome, exitCode, said } from '../packages/cli/src/testing/cli.ts';
import { blocksOf } from './page-blocks.ts';

const root = join(import.meta.dirname, '..');

/** All TypeScript of a page as one module: imports first, then each block in the scope of the one before. */
async function moduleOf(page: string): Promise<string> {
  const blocks = await blocksOf(page);
  const imports = new Map<string, Set<string>>();
  const bodies = blocks.map((block) =>
    block.replaceAll(/^import \{(.*)\} from (.*);$/gm, (_, names: string, from: string) => {
      const known = imports.get(from) ?? new Set();
      for (const name of names.split(',')) known.add(name.trim());
      imports.set(from, known);
      return '';
    }),
  );
  const heads = [...imports].map(([from, names]) => `import { ${[...names].join(', ')} } from ${from};`);
  // A name that is imported whole, `import * as z`, stands in one block of a page only and at its top.
  const whole = bodies.flatMap((body) => body.match(/^import .*$/gm) ?? []);
  const scopes = bodies.map((body) => body.replaceAll(/^import .*$/gm, ''));
  return [...heads, ...whole, scopes.join('{\n'), '}'.repeat(scopes.length - 1), 'export {};\n'].join('\n');
}

/** The first TypeScript program of a page that imports something: it must run as it stands, but for home and server. */
async function program(page: string, changes: Readonly<Record<string, string>> = {}): Promise<string> {
  const found = (await blocksOf(page)).find((block) => block.startsWith('import '));
  if (found === undefined) throw new Error(`${page} has no program`);
  return Object.entries(changes).reduce((source, [from, to]) => {
    expect(source).toContain(from);
    return source.replaceAll(from, to);
  }, found);
}

async function output(source: string, cli: Cli): Promise<string> {
  const args = ['--input-type=module-typescript', '--eval', source];
  const env = { ...process.env, BOXLITE_HOME: cli.homeDir };
  return (await promisify(execFile)(process.execPath, args, { cwd: root, env })).stdout;
}

test('the TypeScript of every page compiles', async () => {
  const pages = await Array.fromAsync(glob('**/*.md', { cwd: root, exclude: ['**/node_modules', '**/dist', '**/.*'] }));
  expect(pages).toContain('README.md');
  // Inside the clone, where the packages are found by name.
  const folder = await mkdtemp(join(root, '.setup/documents-'));
  try {
    for (const page of pages) {
      if ((await blocksOf(page)).length === 0) continue;
      await writeFile(join(folder, `${page.replaceAll('/', '-')}.ts`), await moduleOf(page));
    }
    const compilerOptions = { noUnusedLocals: false, noPropertyAccessFromIndexSignature: false };
    const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = promisify(execFile)(join(root, 'node_modules/.bin/tsc'), ['-p', folder]);
    expect(
      await tsc.then(
        () => 'compiles',
        ({ stdout }) => stdout,
      ),
    ).toBe('compiles');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the links of every page lead to what is there', async () => {
  for await (const page of glob('**/*.md', { cwd: root, exclude: ['**/node_modules', '**/dist', '**/.*'] })) {
    for (const [, target = ''] of (await readFile(join(root, page), 'utf8')).matchAll(/\]\(([^)#\s:]+)[^)\s:]*\)/g)) {
      expect(existsSync(join(root, dirname(page), target)), `${page} links to ${target}`).toBe(true);
    }
  }
});

test('the program of the disks guide runs', async () => {
  await using cli = await cliInNewHome();
  const changed = await program('docs/guides/disks.md', { "'/tmp'": JSON.stringify(cli.homeDir) });
  expect(await output(changed, cli)).toContain('first');
});

test('the program of the README runs', async () => {
  await using cli = await cliInNewHome();
  expect(await output(await program('README.md'), cli)).toBe('hello from a box\nline 1\nline 2\nline 3\n42\n');
});

test('the program of the local guide runs', async () => {
  await using cli = await cliInNewHome();
  const source = await program('docs/guides/local.md', { '/var/lib/boxlite': cli.homeDir });
  expect(await output(source, cli)).toBe('Linux 0\n');
});

test('the program of the remote guide runs', async () => {
  await using cli = await cliInNewHome();
  const server = cli.start(['serve', '--port', '0', '--oauth-client', 'agent:a-long-secret']);
  const [, url = ''] = await said(server.stdout, /^listening on (\S+)\n$/);
  const source = await program('docs/guides/remote.md', { 'http://127.0.0.1:8100': url });
  expect(await output(source, cli)).toBe('hello\n\n');
  server.kill('SIGTERM');
  expect(await exitCode(server)).toBe(0);
});

test('the program of the files guide runs', async () => {
  await using cli = await cliInNewHome();
  const source = await program('docs/guides/files.md', { '/tmp/boxlite-guide': join(cli.homeDir, 'guide') });
  expect(await output(source, cli)).toBe('made in the box\n');
});

test('the program of the lifecycle guide runs', async () => {
  await using cli = await cliInNewHome();
  expect(await output(await program('docs/guides/lifecycle.md'), cli)).toBe('paused\nstopped\n');
});

test('the program of the streams guide runs', async () => {
  await using cli = await cliInNewHome();
  expect(await output(await program('docs/guides/streams.md'), cli)).toBe('hello box\n3 undefined false\n');
});
