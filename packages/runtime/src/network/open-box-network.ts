import { isIP } from 'node:net';
import { AlreadyExistsError, EngineError, InvalidArgumentError, type PortOptions } from 'boxlite/backend';
import type { Host } from '../host/host.ts';
import type { BoxNetwork, BoxNetworkOptions, BoxNetworkPlace, PreparedNetwork } from './box-network.ts';
import { connectControl } from './control-socket.ts';
import { endNetwork, joinAndTakeOver, socketPath, takeOver } from './network-process.ts';
import { formatRule, parseRule } from './rule.ts';

const rulesMax = 1024;
const portsMax = 256;
const takenStatus = 3;

function checkPort(field: string, port: number, least: number): number {
  if (Number.isInteger(port) && port >= least && port <= 65_535) return port;
  throw new InvalidArgumentError(`${field} ${port}: must be ${least} to 65535`);
}

function formatPort({ guestPort, hostPort = 0, hostIp = '127.0.0.1', protocol = 'tcp' }: PortOptions): string {
  checkPort('ports.guestPort', guestPort, 1);
  checkPort('ports.hostPort', hostPort, 0);
  if (protocol !== 'tcp' && protocol !== 'udp')
    throw new InvalidArgumentError(`ports.protocol ${String(protocol)}: must be tcp or udp`);
  const family = hostIp.includes('%') ? 0 : isIP(hostIp);
  if (family === 0) throw new InvalidArgumentError(`ports.hostIp ${hostIp}: must be an address of this host`);
  return `${protocol}:${family === 6 ? `[${hostIp}]` : hostIp}:${hostPort}:${guestPort}`;
}

function programArguments(options: BoxNetworkOptions): readonly string[] {
  const { allow, ports, attached, ownStack, resolvConf = '/etc/resolv.conf' } = options;
  if (allow !== undefined && allow.length > rulesMax)
    throw new InvalidArgumentError(`network.allow: ${allow.length} rules; at most ${rulesMax}`);
  if (ports.length > portsMax) throw new InvalidArgumentError(`ports: ${ports.length}; at most ${portsMax}`);
  return [
    '--resolv-conf',
    resolvConf,
    ...(ownStack ? ['--own-stack'] : []),
    ...(attached ? ['--attached'] : ['--socket', socketPath(options)]),
    ...(allow === undefined ? [] : ['--listed']),
    ...(allow ?? []).flatMap((rule) => ['--allow', formatRule(parseRule(rule))]),
    ...ports.flatMap((port) => ['--publish', formatPort(port)]),
  ];
}

async function startProcess(
  host: Host,
  guestBinary: string,
  options: BoxNetworkOptions,
  ...more: readonly string[]
): Promise<void> {
  const argv = [guestBinary, 'network', ...programArguments(options), ...more];
  const exit = await host.spawn({ argv, listenPath: socketPath(options), output: 'capture' });
  if (exit.exitCode === 0) return;
  const message = exit.timedOut ? 'it took longer than 30 s' : exit.stderr.trim() || `status ${exit.exitCode}`;
  await removeBoxNetwork(host, options);
  if (exit.exitCode === takenStatus)
    throw new AlreadyExistsError(`ports: ${message}; choose another host port, or 0 for a free one`);
  throw cannotOpen(options, message);
}

function cannotOpen({ id }: BoxNetworkPlace, message: string, cause?: unknown): EngineError {
  return new EngineError(`cannot open the network of box ${id}: ${message}; run boxlite doctor`, { cause });
}

/** Makes the namespace and starts the process. `AlreadyExistsError` naming a port that is taken, `InvalidArgumentError` naming a bad rule or port. */
export async function openBoxNetwork(host: Host, guestBinary: string, options: BoxNetworkOptions): Promise<BoxNetwork> {
  await startProcess(host, guestBinary, options);
  try {
    return await takeOver(host, options);
  } catch (error) {
    await removeBoxNetwork(host, options);
    throw error;
  }
}

/**
 * Starts the process for a namespace that is named later: its ports are published, and it ends with this process until
 * then, attached or not. What it throws is as with `openBoxNetwork`.
 */
export async function prepareBoxNetwork(
  host: Host,
  guestBinary: string,
  options: Omit<BoxNetworkOptions, 'ownStack'>,
): Promise<PreparedNetwork> {
  await startProcess(host, guestBinary, options, '--later');
  const socket = await connectControl(socketPath(options)).catch(async (error: unknown) => {
    await removeBoxNetwork(host, options);
    throw error;
  });
  // What breaks it, `join` tells.
  socket.on('error', () => undefined);
  return {
    async join(namespacePath) {
      try {
        return await joinAndTakeOver(host, options, socket, namespacePath);
      } catch (error) {
        await removeBoxNetwork(host, options);
        if (error instanceof EngineError) throw cannotOpen(options, error.message, error);
        throw error;
      }
    },
    async close() {
      socket.destroy();
      await removeBoxNetwork(host, options);
    },
  };
}

/** Takes over the network that a runtime before left running; undefined when there is none. */
export async function adoptBoxNetwork(host: Host, place: BoxNetworkPlace): Promise<BoxNetwork | undefined> {
  const probe = await connectControl(socketPath(place)).catch(() => undefined);
  if (probe === undefined) return undefined;
  probe.destroy();
  return await takeOver(host, place);
}

/** Ends a network that is left and removes its files; nothing there is fine. */
export function removeBoxNetwork(host: Host, place: BoxNetworkPlace): Promise<void> {
  return endNetwork(host, place);
}
