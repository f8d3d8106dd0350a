import { isIP } from 'node:net';
import { type BoxOptions, InvalidArgumentError, PermissionError } from 'boxlite/backend';

/** Ports of the host that boxes may be published on. */
export interface HostPorts {
  readonly hostIp: string;
  readonly from: number;
  readonly to: number;
}

const loopback = '127.0.0.1';

/** Reads `[IP:]PORT[-PORT]`; without an address it is 127.0.0.1, and port 0 stands for free ones that are chosen. */
export function parseHostPorts(text: string): HostPorts {
  const match = /^(?:\[?([0-9a-fA-F.:]+?)\]?:)?(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const [from, to] = [Number(match?.[2]), Number(match?.[3] ?? match?.[2])];
  const hostIp = match?.[1] ?? loopback;
  if (match === null || isIP(hostIp) === 0 || from > to || to > 65_535) {
    throw new InvalidArgumentError(`a host port must be [IP:]PORT[-PORT], not ${JSON.stringify(text)}`);
  }
  return { hostIp, from, to };
}

/** Passes box options whose published ports are all within what is allowed; `PermissionError` naming the first other. */
export function checkHostPorts(options: BoxOptions, allowed: readonly HostPorts[]): BoxOptions {
  for (const [index, { hostPort = 0, hostIp = loopback }] of (options.ports ?? []).entries()) {
    const fits = ({ hostIp: ip, from, to }: HostPorts): boolean =>
      (ip === hostIp || (ip === '0.0.0.0' && isIP(hostIp) === 4)) && from <= hostPort && hostPort <= to;
    if (allowed.some(fits)) continue;
    const wish = `${hostIp === loopback ? '' : `${hostIp}:`}${hostPort}`;
    throw new PermissionError(
      `ports.${index} is refused: this server does not publish boxes on ${hostIp} port ${hostPort || '0 (any free one)'}; ` +
        `use a tunnel, or have its operator start it with --allow-host-port ${wish}`,
    );
  }
  return options;
}
