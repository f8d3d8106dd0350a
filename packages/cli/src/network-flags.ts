import { isIP } from 'node:net';
import type { BoxOptions, PortOptions } from 'boxlite/backend';
import { type Command, Option } from 'commander';
import { UsageError } from './usage.ts';

/** What the flags of a box's network parse to. */
export interface NetworkFlags {
  readonly publish?: readonly string[];
  readonly network?: string;
  readonly allowNet?: readonly string[];
}

/** Adds the flags that say who a box may talk to. */
export function addNetworkFlags(command: Command): Command {
  const gather = (value: string, earlier: readonly string[] = []): readonly string[] => [...earlier, value];
  return command
    .option('-p, --publish <[[ip:]host:]box[/tcp|/udp]>', 'publish a port of the box on the host', gather)
    .addOption(
      new Option('--network <mode>', 'disabled: nothing goes out; none: loopback only').choices([
        'enabled',
        'disabled',
        'isolated',
        'none',
      ]),
    )
    .option('--allow-net <rule>', 'let the box connect to this name, *.name, address or CIDR only; repeatable', gather);
}

/** The network that the flags describe, at the most. */
export function networkOptions(flags: NetworkFlags): Pick<BoxOptions, 'ports' | 'network'> {
  const { publish, network, allowNet: allow } = flags;
  if (allow !== undefined && (network === 'disabled' || network === 'none')) {
    throw new UsageError(`--allow-net lets a box out, which --network ${network} does not: leave one of them out`);
  }
  const ports = publish && { ports: publish.map(parsePort) };
  if (allow !== undefined) return { ...ports, network: { allow } };
  if (network === undefined) return { ...ports };
  if (network === 'disabled') return { ...ports, network: { allow: [] } };
  return { ...ports, network: network === 'none' ? 'none' : 'isolated' };
}

/** `box`, `host:box` or `ip:host:box`, each with `/tcp` or `/udp`; an IPv6 address in brackets, a host port may be left empty. */
export function parsePort(flag: string): PortOptions {
  const match = /^(?:(?:(\d[\d.]*|\[[^\]]*\]):)?(\d{0,5}):)?(\d{1,5})(?:\/(tcp|udp))?$/.exec(flag);
  const guestPort = Number(match?.[3]);
  const hostPort = Number(match?.[2] || 0);
  const hostIp = match?.[1]?.replaceAll(/[[\]]/g, '');
  const wrong = match === null || guestPort < 1 || guestPort > 65_535 || hostPort > 65_535;
  if (wrong || (hostIp !== undefined && isIP(hostIp) === 0)) {
    throw new UsageError(`--publish must be [[HOST_IP:]HOST_PORT:]BOX_PORT[/tcp|/udp], not ${JSON.stringify(flag)}`);
  }
  const protocol = match[4] === 'udp' ? 'udp' : 'tcp';
  return { guestPort, hostPort, protocol, ...(hostIp !== undefined && { hostIp }) };
}
