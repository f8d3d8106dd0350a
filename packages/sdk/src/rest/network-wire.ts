import type * as api from '@boxlite/api';
import type { BoxOptions } from '../backend/box-options.ts';
import type { NetworkInfo, PublishedPort } from '../backend/network.ts';

/** The network of a new box, in the wire's words: as generation 1 has it where it can say it. */
export function networkSpec(network: BoxOptions['network']): api.NetworkSpec | undefined {
  if (typeof network !== 'object') return network;
  const { allow, inbound = true } = network;
  const outbound: api.OutboundNetwork =
    allow === undefined
      ? { mode: 'enabled' }
      : allow.length === 0
        ? { mode: 'disabled' }
        : { mode: 'enabled', allow_net: allow };
  return { outbound, inbound: { mode: inbound ? 'enabled' : 'disabled' } };
}

/** A box's network. */
export function networkInfo({ outbound, inbound, published_ports }: api.BoxNetwork): NetworkInfo {
  const open = { out: outbound.mode === 'enabled', in: inbound.mode === 'enabled' };
  return {
    mode: open.out || open.in ? 'isolated' : 'none',
    allow: open.out ? (outbound.allow_net.length > 0 ? outbound.allow_net : undefined) : open.in ? [] : undefined,
    inbound: open.in,
    ports: (published_ports ?? []).map(hostPort),
  };
}

/** A port, and where on the host it is. */
export function hostPort({ host_ip, host_port, guest_port, protocol }: api.PublishedPort): PublishedPort {
  return { guestPort: guest_port, hostPort: host_port, protocol, hostIp: host_ip };
}
