import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type Cli, cliInNewHome, exitCode, said } from '../packages/cli/src/testing/cli.ts';

const root = join(import.meta.dirname, '..');

/** The first TypeScript program of a page that imports something: it must run as it stands, but for home and server. */
async function program(page: string, changes: Readonly<Record<string, string>> = {}): Promise<string> {
  const text = await readFile(join(root, page), 'utf8');
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
  const found = blocks.find((block) => block.startsWith('import '));
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
