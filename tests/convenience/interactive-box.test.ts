import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServer } from '../../bench/server-process.ts';

const root = join(import.meta.dirname, '../..');
const driver = join(import.meta.dirname, 'terminal.fixture.py');
const program = join(import.meta.dirname, 'interactive-program.ts');

type Step = readonly ['see', string] | readonly ['type', string] | readonly ['size', number, number];

let folder: string;
let server: ServerProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxlite-interactive-'));
  server = await startServer(join(folder, 'remote'), '--attached');
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  ...server.environment,
  BOXLITE_REST_URL: server.url,
  BOXLITE_HOME: join(folder, 'local'),
});

describe.each(['--local', '--remote'])('InteractiveBox %s', (where) => {
  test('has the terminal raw, follows its size, and gives it back as it was', async () => {
    const steps: readonly Step[] = [
      ['see', '[#$] '],
      ['type', 'stty size\r'],
      ['see', '30 100'],
      ['size', 41, 123],
      // The size and what is typed reach a server by two ways, of which either may be the faster.
      ['type', 'until [ "$(stty size)" = "41 $((120 + 3))" ]; do sleep 0.1; done; stty size\r'],
      ['see', '41 123'],
      // Control-C is the box's to take. The word comes from the command itself, which has the terminal by then: a shell
      // that is interrupted between its own word and the command waits for the command, on any terminal.
      ['type', "sh -c 'echo begun; exec sleep 100'\r"],
      ['see', '\nbegun'],
      ['type', '\u0003'],
      ['see', '[#$] '],
      ['type', 'exit 7\r'],
      ['see', 'ended with 7'],
    ];
    const args = [driver, JSON.stringify(steps), process.execPath, program, where];
    const { stdout } = await promisify(execFile)('python3', args, { cwd: root, env: environment() });
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 0, raw: true, restored: true });
  });

  test('without a terminal, the shell takes what comes and its output is not touched', async () => {
    const child = promisify(execFile)(process.execPath, [program, where], { cwd: root, env: environment() });
    child.child.stdin?.end('echo out; echo err >&2; tty; exit 3\n');
    const { stdout, stderr } = await child;
    expect({ stdout, stderr }).toEqual({ stdout: 'out\nnot a tty\nended with 3\n', stderr: 'err\n' });
  });
});
