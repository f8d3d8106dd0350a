// The main job, twice: through a server and its REST API, then on this machine. Exits 0 with nothing left behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { Boxlite, ClientCredentials } from 'boxlite';
import { job } from '../examples/first-light.ts';

const cli = join(import.meta.dirname, '../packages/cli/bin/boxlite.mjs');
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function onServer(homeDir: string): Promise<void> {
  const client = { clientId: 'demo', clientSecret: randomBytes(16).toString('hex') };
  const from = performance.now();
  await using atEnd = new AsyncDisposableStack();
  const { server, url } = await serve(homeDir, `${client.clientId}:${client.clientSecret}`);
  atEnd.defer(() => end(server));
  say(`\nOver REST: ${url}, ready after ${(performance.now() - from).toFixed(0)} ms`);
  await using runtime = Boxlite.rest({ url, credential: new ClientCredentials(client) });
  await job(runtime, say);
}

async function serve(homeDir: string, client: string): Promise<{ server: ChildProcess; url: string }> {
  const args = [cli, 'serve', '--port', '0', '--home', homeDir, '--oauth-client', client];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /^listening on (\S+)$/.exec(line)?.[1];
    if (url !== undefined) return { server, url };
  }
  throw new Error(`the server ended before it listened (exit code ${server.exitCode}); its message is above`);
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
  if (server.exitCode !== 0) throw new Error(`the server ended with ${server.signalCode ?? server.exitCode}, not 0`);
}

async function onThisMachine(homeDir: string): Promise<void> {
  const from = performance.now();
  await using runtime = await Boxlite.local({ homeDir });
  say(`\nOn this machine, without a server, ready after ${(performance.now() - from).toFixed(0)} ms`);
  await job(runtime, say);
}

/** What still mounts or runs something of a home directory: nothing must. */
async function leftovers(homeDir: string): Promise<readonly string[]> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line.includes(homeDir));
  const processes = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid);
  const commands = await Promise.all(
    processes.map(async (pid) => {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return `process ${pid}: ${command.replaceAll('\0', ' ')}`;
    }),
  );
  return [...mounts.map((line) => `mount ${line}`), ...commands.filter((line) => line.includes(homeDir))];
}

async function inTemporaryHome(work: (homeDir: string) => Promise<void>): Promise<void> {
  const homeDir = await mkdtemp(join(tmpdir(), 'boxlite-demo-'));
  await using atEnd = new AsyncDisposableStack();
  atEnd.defer(() => rm(homeDir, { recursive: true }));
  await work(homeDir);
  const left = await leftovers(homeDir);
  if (left.length > 0) throw new Error(`left behind:\n${left.join('\n')}`);
}

const began = performance.now();
await inTemporaryHome(onServer);
await inTemporaryHome(onThisMachine);
say(
  `\nThe same program, twice, in ${((performance.now() - began) / 1000).toFixed(1)} s. Nothing is left running or mounted.`,
);
