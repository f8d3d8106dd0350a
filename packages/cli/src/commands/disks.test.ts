import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, cliInNewHome } from '../testing/cli.ts';

const image = 'boxlite/base:latest';
let cli: Cli;
let dir: string;
beforeAll(async () => {
  cli = await cliInNewHome();
  dir = await mkdtemp(join(tmpdir(), 'boxlite-disks-'));
});
afterAll(async () => {
  await cli[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

async function ok(args: readonly string[], stdin?: Buffer): Promise<string> {
  const { code, stdout, stderr } = await cli.run(args, stdin && { stdin });
  if (code !== 0) throw new Error(`boxlite ${args.join(' ')}: ${stderr}`);
  return stdout.toString();
}

test('a snapshot is taken, shown, put back and removed', { timeout: 120_000 }, async () => {
  await ok(['create', '--name', 'one', image]);
  await ok(['exec', 'one', '--', 'sh', '-c', 'echo first > /root/file']);
  const id = (await ok(['snapshot', 'create', 'one', 'before'])).trim();
  await ok(['exec', 'one', '--', 'rm', '/root/file']);
  await ok(['stop', 'one']);
  await ok(['snapshot', 'restore', 'one', 'before']);
  expect(await ok(['exec', 'one', '--', 'cat', '/root/file'])).toBe('first\n');
  expect(await ok(['snapshot', 'ls', '-q', 'one'])).toBe('before\n');
  expect(JSON.parse(await ok(['snapshot', 'get', 'one', 'before', '--format', 'json']))).toMatchObject([{ Id: id }]);
  await ok(['snapshot', 'rm', 'one', 'before']);
  expect(await ok(['snapshot', 'ls', '-q', 'one'])).toBe('');
  const missing = await cli.run(['snapshot', 'get', 'one', 'before']);
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('has no snapshot before')]);
});

test('a box is cloned, exported to a file and through a pipe, and imported from both', {
  timeout: 120_000,
}, async () => {
  const copy = (await ok(['clone', 'one', '--name', 'two'])).trim();
  expect(await ok(['exec', copy, '--', 'cat', '/root/file'])).toBe('first\n');
  expect(await ok(['export', 'two', '-o', dir])).toBe(`${join(dir, 'two.boxlite')}\n`);
  await ok(['import', join(dir, 'two.boxlite'), '--name', 'three']);
  expect(await ok(['exec', 'three', '--', 'cat', '/root/file'])).toBe('first\n');
  const { stdout: archive } = await cli.run(['export', 'two', '-o', '-']);
  await ok(['import', '-', '--name', 'four'], archive);
  expect(await ok(['exec', 'four', '--', 'cat', '/root/file'])).toBe('first\n');
});

test('a volume is made, mounted by its name, shown and removed', { timeout: 120_000 }, async () => {
  const id = (await ok(['volume', 'create', 'cache'])).trim();
  await ok(['run', '--rm', '-v', 'cache:/cache', '--tmpfs', '/mem:2', image, 'sh', '-c', 'echo kept > /cache/file']);
  expect(await ok(['run', '--rm', '-v', 'cache:/cache:ro', image, 'cat', '/cache/file'])).toBe('kept\n');
  expect(await ok(['volume', 'ls', '-q'])).toBe(`${id}\n`);
  expect(JSON.parse(await ok(['volume', 'get', 'cache', '--format', 'json']))).toMatchObject([{ State: 'ready' }]);
  expect(await ok(['volume', 'rm', 'cache'])).toBe('cache\n');
  expect((await cli.run(['volume', 'get', 'cache'])).code).toBe(1);
});
