import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { Boxlite } from 'boxlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServer } from '../../bench/server-process.ts';

const root = join(import.meta.dirname, '../..');

/** What each example prints, on a server or here. */
const printed: Readonly<Record<string, RegExp>> = {
  'connect-and-list': /^\d+ boxes\n/,
  'manage-boxes':
    /^created rest-crud-demo\nby id: configured\nby name: the same box\ngetOrCreate: gave the one that was there\nlisted: true\nafter removal: null\n$/,
  'run-commands':
    /^hello from a box\nls -la: \d\d lines, exit code 0\n> line 1\n> line 2\n> line 3\nexit code 42\nbonjour\n$/,
  'copy-files':
    /^\/opt\/app\/main\.sh: echo "main".*\n\/opt\/app\/lib\/words\.txt: words of the library\n\/etc\/motd: a file of its own\ncame out: "main\\nwords of the library\\n"\n$/,
  'monitor-metrics':
    /^box: 1 command, \d+\.\d MiB of memory\nbox: up after \d+ ms\nruntime: 1 box created\nruntime: 1 command executed\n$/,
  'configure-boxes':
    /^2 processors, 1024 MiB\nworking directory: \/tmp\nenvironment of a command: test\nafter a stop: stopped\n$/,
  'use-env-config': /^a box gets 512 MiB unless told otherwise\n\d+ boxes\n$/,
  'agent-loop': /^attempt 1: exit code 127, .*ech: not found\nattempt 2: exit code 0, 10\ndone: 10\n$/,
};

let folder: string;
let server: ServerProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxlite-examples-'));
  server = await startServer(join(folder, 'remote'), '--attached');
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function run(name: string, ...args: readonly string[]): Promise<string> {
  const env = {
    ...process.env,
    ...server.environment,
    BOXLITE_REST_URL: server.url,
    BOXLITE_HOME: join(folder, 'local'),
  };
  const program = join(root, 'examples', `${name}.ts`);
  return (await promisify(execFile)(process.execPath, [program, ...args], { env })).stdout;
}

describe.each(Object.entries(printed))('examples/%s.ts', (name, pattern) => {
  test('does what it says on a server, and leaves no box', async () => {
    expect(await run(name)).toMatch(pattern);
    expect(await Boxlite.rest(server.options).listInfo()).toEqual([]);
  });
  test('does the same on this machine', async () => {
    expect(await run(name, '--local')).toMatch(pattern);
  });
});
