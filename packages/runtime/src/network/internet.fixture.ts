import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildGuestBinary } from '../host/guest-binary.fixture.ts';
import { type Host, openHost } from '../host/host.ts';
import type { BoxNetwork } from './box-network.ts';

const run = promisify(execFile);

/** A host and an internet of its own, both network namespaces: real addresses, and nothing of this machine's network. */
export interface Internet {
  readonly folder: string;
  readonly host: Host;
  readonly guestBinary: string;
  readonly resolvConf: string;
  /** Runs a program beside the network process, on the host's side; its stdout. */
  onHost(...argv: readonly string[]): Promise<string>;
  /** Starts a server in the internet, which prints a line once it is there; its later lines are in the log. */
  serve(...argv: readonly string[]): Promise<void>;
  /** Lines that the servers have logged so far. */
  log(): readonly string[];
  close(): Promise<void>;
}

/** Addresses of the internet: 93.184.216.34 and .35, 1.1.1.1, 8.8.8.8 (names), 10.9.9.9 (private), 169.254.169.254 (metadata). */
export const servers = '93.184.216.34 93.184.216.35 1.1.1.1 8.8.8.8 10.9.9.9 169.254.169.254';

function firstLine(child: ChildProcess): Promise<string> {
  const { stdout } = child;
  if (stdout === null) return Promise.reject(new Error('no stdout'));
  return new Promise((resolve, reject) => {
    createInterface({ input: stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
    child.once('error', reject);
  });
}

async function namespace(): Promise<{ readonly child: ChildProcess; readonly path: string }> {
  const child = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; exec sleep 1000000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await firstLine(child);
  return { child, path: `/proc/${child.pid}/ns/net` };
}

/** Makes both, with DNS and echo servers in the internet, and a host program on the host's side. */
export async function openInternet(): Promise<Internet> {
  const binary = await buildGuestBinary();
  const folder = await mkdtemp(join(tmpdir(), 'boxlite-network-'));
  const [near, far] = await Promise.all([namespace(), namespace()]);
  const setup = [
    `nsenter --net=${near.path} ip link add out type veth peer name in netns ${far.child.pid}`,
    `nsenter --net=${near.path} sh -c 'ip link set lo up; ip addr add 44.0.0.2/24 dev out; ip link set out up; ip route add default via 44.0.0.1'`,
    `nsenter --net=${far.path} sh -c 'ip link set lo up; ip addr add 44.0.0.1/24 dev in; ip link set in up; for a in ${servers}; do ip addr add $a/32 dev lo; done'`,
  ];
  await run('sh', ['-ec', setup.join('\n')]);
  const script = fileURLToPath(new URL('internet.fixture.py', import.meta.url));
  const lines: string[] = [];
  const python = spawn('nsenter', [`--net=${far.path}`, 'python3', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await firstLine(python);
  if (python.stdout !== null) createInterface({ input: python.stdout }).on('line', (line) => lines.push(line));
  // The host program starts the network process, which so has this namespace as its host.
  const wrapper = `${folder}/host-program`;
  await writeFile(wrapper, `#!/bin/sh\nexec nsenter --net=${near.path} ${binary} "$@"\n`);
  await chmod(wrapper, 0o755);
  // The process is nobody when it reads its resolvers anew.
  await chmod(folder, 0o755);
  const resolvConf = `${folder}/resolv.conf`;
  await writeFile(resolvConf, 'nameserver 8.8.8.8\n');
  const host = await openHost({ binary: wrapper, lockPath: `${folder}/lock` });
  const served: ChildProcess[] = [];
  return {
    folder,
    host,
    guestBinary: binary,
    resolvConf,
    onHost: async (...argv) => (await run('nsenter', [`--net=${near.path}`, ...argv])).stdout,
    async serve(...argv) {
      const child = spawn('nsenter', [`--net=${far.path}`, ...argv], { stdio: ['pipe', 'pipe', 'inherit'] });
      served.push(child);
      await firstLine(child);
      if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    },
    log: () => lines,
    async close() {
      await host.close();
      for (const child of [...served, python, near.child, far.child]) child.kill('SIGKILL');
      await rm(folder, { recursive: true });
    },
  };
}

/** Runs a program in the box's namespace; never rejects for its status. */
export async function inBox(
  network: Pick<BoxNetwork, 'namespacePath'>,
  ...argv: readonly string[]
): Promise<{ readonly exitCode: number; readonly output: string }> {
  const options = { timeout: 50_000, maxBuffer: 1024 * 1024 };
  try {
    const { stdout, stderr } = await run('nsenter', [`--net=${network.namespacePath}`, ...argv], options);
    return { exitCode: 0, output: stdout + stderr };
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || !('stdout' in error) || !('stderr' in error)) throw error;
    return { exitCode: Number(error.code ?? 255), output: `${error.stdout}${error.stderr}` };
  }
}

/** The same for a program that looks names up by itself, as it would in a box. */
export function resolvingInBox(
  network: Pick<BoxNetwork, 'namespacePath' | 'resolver'>,
  ...argv: readonly string[]
): Promise<{ readonly exitCode: number; readonly output: string }> {
  const mount = 'echo "nameserver $0" | { f=$(mktemp); cat >$f; mount --bind $f /etc/resolv.conf; rm $f; }; exec "$@"';
  return inBox(network, 'unshare', '--mount', 'sh', '-ec', mount, network.resolver, ...argv);
}

/** A python program in the box's namespace, with `import socket, time, hashlib, sys` done; 5 s for every socket. */
export async function pythonInBox(network: Pick<BoxNetwork, 'namespacePath'>, program: string): Promise<string> {
  const head = 'import socket, time, hashlib, sys, struct, threading, ssl\nsocket.setdefaulttimeout(5)\n';
  return (await inBox(network, '/usr/bin/python3', '-c', head + program)).output.trim();
}

/** A program that runs on in the box's namespace: its first line, and how to end it. */
export function startInBox(
  network: Pick<BoxNetwork, 'namespacePath'>,
  ...argv: readonly string[]
): { readonly line: Promise<string>; end(): Promise<void> } {
  const child = spawn('nsenter', [`--net=${network.namespacePath}`, ...argv], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    line: firstLine(child),
    async end() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
