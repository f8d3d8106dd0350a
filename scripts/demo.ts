// The main job, twice: through a server and its REST API, then on this machine. Exits 0 with nothing left behind; and
// killed half way, too: server and runtime are in this process, and attached boxes end with it.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { openLocal } from '@boxlite/runtime';
import { createApp, listen } from '@boxlite/server';
import { Boxlite, ClientCredentials } from 'boxlite';
import { job } from '../examples/first-light.ts';

const homes = join(import.meta.dirname, '../.setup/demo');
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function onServer(homeDir: string): Promise<void> {
  const client = { clientId: 'demo', clientSecret: randomBytes(16).toString('hex') };
  const from = performance.now();
  await using atEnd = new AsyncDisposableStack();
  const backend = await openLocal({ homeDir });
  atEnd.defer(() => backend.shutdown());
  const app = createApp(backend, { auth: { clients: [{ id: client.clientId, secret: client.clientSecret }] } });
  const server = atEnd.use(await listen(app, { port: 0 }));
  say(`\nOver REST: ${server.url}, ready after ${(performance.now() - from).toFixed(0)} ms`);
  const runtime = atEnd.use(Boxlite.rest({ url: server.url, credential: new ClientCredentials(client) }));
  await job(runtime, say);
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
  await mkdir(homes, { recursive: true });
  const homeDir = await mkdtemp(join(homes, 'home-'));
  await using atEnd = new AsyncDisposableStack();
  atEnd.defer(() => rm(homeDir, { recursive: true }));
  await work(homeDir);
  const left = await leftovers(homeDir);
  if (left.length > 0) throw new Error(`left behind:\n${left.join('\n')}`);
}

const began = performance.now();
await rm(homes, { recursive: true, force: true }); // of a demo that was killed
await inTemporaryHome(onServer);
await inTemporaryHome(onThisMachine);
say(
  `\nThe same program, twice, in ${((performance.now() - began) / 1000).toFixed(1)} s. Nothing is left running or mounted.`,
);
