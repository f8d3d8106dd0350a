import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type BoxliteRestOptions, ClientCredentials } from 'boxlite';

/** A server in a process of its own, as an operator runs it. */
export interface ServerProcess {
  readonly pid: number;
  readonly url: string;
  readonly options: BoxliteRestOptions;
  /** The credential, for the environment of a client. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** Starts `boxlite serve` on a free loopback port; it ends with this process, and with `--attached` its boxes end with it. */
export async function startServer(
  homeDir: string,
  ...flags: readonly ('--attached' | `--api-key=${string}` | `--port=${string}` | `--cors-origin=${string}`)[]
): Promise<ServerProcess> {
  const client = { clientId: 'bench', clientSecret: 'bench-secret' };
  const args = [
    'serve',
    '--port',
    '0',
    '--home',
    homeDir,
    '--oauth-client',
    `${client.clientId}:${client.clientSecret}`,
    '--log-level',
    'warn',
  ];
  const serve = [process.execPath, 'packages/cli/bin/boxlite.mjs', ...args, ...flags];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...serve], { stdio: ['ignore', 'pipe', 'pipe'] });
  // Passed on, not inherited: what outlives a killed server must not hold the pipe whose end a test runner waits for.
  child.stderr?.pipe(process.stderr, { end: false });
  if (!child.stdout || child.pid === undefined) throw new Error('the server did not start');
  let url: string | undefined;
  for await (const line of createInterface(child.stdout)) {
    url = /^listening on (http:\S+)/.exec(line)?.[1];
    if (url !== undefined) break;
  }
  if (url === undefined) throw new Error('the server ended before it listened');
  child.stdout.resume();
  return {
    pid: child.pid,
    url,
    options: { url, credential: new ClientCredentials(client) },
    environment: { BOXLITE_REST_CLIENT_ID: client.clientId, BOXLITE_REST_CLIENT_SECRET: client.clientSecret },
    async stop() {
      child.kill('SIGTERM');
      await ended(child);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended(child);
    },
  };
}
