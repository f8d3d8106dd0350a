import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Box, Boxlite } from 'boxlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeHome, rootless } from '../testing/home-folder.ts';
import { isolationAttempts } from './isolation-attempts.fixture.ts';
import { isolationProbeSource } from './isolation-probe.fixture.ts';

let folder: string;
let runtime: Boxlite;
let box: Box;
// Boxes with a kernel of their own need root.
const presets = (['maximum', 'development', 'standard'] as const).filter((preset) => preset !== 'maximum' || !rootless);
const outcomes = new Map<string, Readonly<Record<string, string>>>();
const servers: Server[] = [];

async function listen(address: string | number): Promise<Server> {
  const server = createServer((socket) => socket.end()).listen(address);
  servers.push(server);
  await once(server, 'listening');
  return server;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxlite-isolation-'));
  const program = join(folder, 'probe');
  await writeFile(`${program}.c`, isolationProbeSource);
  await promisify(execFile)('musl-gcc', ['-static', '-w', '-O1', '-o', program, `${program}.c`]);
  const abstract = `boxlite-isolation-${process.pid}`;
  await listen(`\0${abstract}`);
  const address = (await listen(0)).address();
  const port = typeof address === 'object' ? address?.port : undefined;
  runtime = await Boxlite.local({ homeDir: join(folder, 'home') });
  for (const security of presets) {
    box = await runtime.create({ image: 'boxlite/base:latest', security });
    await box.copyIn(program, '/tmp/probe');
    const run = await box.run('/tmp/probe', [abstract, String(port), String(process.pid), program], {
      timeoutMs: 30_000,
      // A kernel of its own lets the box's root end its guest, and so its box.
      env: security === 'maximum' ? { KEEP_GUEST: 'yes' } : {},
    });
    const lines = run.stdout.trim().split('\n');
    outcomes.set(security, Object.fromEntries(lines.map((line) => line.split('\t'))));
    expect(await box.run('echo', ['ok'])).toMatchObject({ exitCode: 0, stdout: 'ok\n' });
  }
});
afterAll(async () => {
  await runtime?.shutdown();
  for (const server of servers) server.close();
  await removeHome(folder);
});

describe.each(presets)('%s', (preset) => {
  test.each(isolationAttempts)('$name: $title', ({ name, stopped, ...other }) => {
    const own = preset === 'standard' ? undefined : other[preset];
    const ofCgroups = name === 'own-limits' || name === 'cgroup-folder';
    const without = rootless && ofCgroups ? /^ENOENT$/ : stopped;
    const expected = own === 'allowed' ? /^(done|undefined)$/ : (own ?? without);
    expect(outcomes.get(preset)?.[name] ?? 'undefined').toMatch(expected);
  });
});

test('every attempt has its line, and docs/guides/isolation.md promises nothing else', async () => {
  const guide = await readFile(fileURLToPath(new URL('../../../../docs/guides/isolation.md', import.meta.url)), 'utf8');
  const table = guide.slice(guide.indexOf('| Attempt')).split('\n\n')[0]?.split('\n').slice(2) ?? [];
  const lines = table.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  expect(lines).toEqual(
    isolationAttempts.map(({ name, title, development, maximum }) => [
      name,
      title,
      development === undefined ? 'stopped' : 'allowed',
      'stopped',
      maximum === 'allowed' ? 'allowed' : 'stopped',
    ]),
  );
  expect(Object.keys(outcomes.get('standard') ?? {}).toSorted()).toEqual(
    isolationAttempts.map(({ name }) => name).toSorted(),
  );
});

test('a fork bomb of new sessions that minds no TERM ends with its timeout, and what cannot start meanwhile says so', async () => {
  const execution = await box.exec('/tmp/probe', ['bomb'], { timeoutMs: 500 });
  let over = false;
  const result = execution.wait().finally(() => {
    over = true;
  });
  while (!over) {
    await box.run('true').catch((error: unknown) => expect(String(error)).toMatch(/cannot start a process/));
  }
  expect(await result).toMatchObject({ timedOut: true });
  expect((await box.run('echo', ['ok'])).stdout).toBe('ok\n');
}, 60_000);

test('a pipe in the place of /dev/ptmx fails a terminal with an error', async () => {
  const other = await runtime.create({ image: 'boxlite/base:latest' });
  await other.run('sh', ['-c', 'rm /dev/ptmx && mkfifo /dev/ptmx']);
  await expect(other.exec('sh', [], { tty: true })).rejects.toThrow('cannot open a terminal');
  await other.stop({ timeoutMs: 0 });
});

test('pipes in the way of a copy hold it up in neither direction', async () => {
  await box.run('sh', ['-c', 'mkdir /tmp/in /tmp/out && mkfifo /tmp/in/file /tmp/out/pipe && echo x > /tmp/out/file']);
  await writeFile(join(folder, 'file'), 'new');
  await box.copyIn(join(folder, 'file'), '/tmp/in/file');
  expect((await box.run('cat', ['/tmp/in/file'])).stdout).toBe('new');
  await box.copyOut('/tmp/out/file', join(folder, 'copy'));
  const reader = (await box.download({ path: '/tmp/out' })).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read())
    expect(part.value.length).toBeGreaterThan(0);
});
