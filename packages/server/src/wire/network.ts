import type { BoxNetwork, ListNetworkEventsResponse, NestedNetwork, NetworkSpec, OutboundNetwork } from '@boxlite/api';
import type { BoxOptions, NetworkEvent, NetworkInfo } from 'boxlite/backend';

/** The network that a request asks for, in whichever form. */
export function networkFromWire(spec: NetworkSpec): NonNullable<BoxOptions['network']> {
  if (typeof spec === 'string') return spec;
  const { outbound = {}, inbound = {} }: NestedNetwork = 'mode' in spec ? { outbound: spec } : spec;
  const closed = outbound.mode === 'disabled';
  if (inbound.mode === 'disabled') return closed ? 'none' : { ...allowed(outbound), inbound: false };
  if (closed) return { allow: [] };
  return outbound.allow_net === undefined ? 'isolated' : allowed(outbound);
}

// Clients of generation 2 spell "every public address" as an empty list, too.
function allowed({ allow_net = [] }: OutboundNetwork): { readonly allow?: readonly string[] } {
  return allow_net.length === 0 ? {} : { allow: allow_net };
}

/** A box's network as the wire says it. */
export function networkToWire({ mode, allow, inbound, ports }: NetworkInfo): BoxNetwork {
  const closed = mode === 'none' || allow?.length === 0;
  return {
    outbound: { mode: closed ? 'disabled' : 'enabled', allow_net: allow ?? [] },
    inbound: { mode: inbound ? 'enabled' : 'disabled' },
    published_ports: ports.map(({ hostIp, hostPort, guestPort, protocol }) => ({
      host_ip: hostIp,
      host_port: hostPort,
      guest_port: guestPort,
      protocol,
    })),
  };
}

/** What a box's network refused as the wire says it. */
export function networkEventsToWire(events: readonly NetworkEvent[]): ListNetworkEventsResponse {
  return {
    events: events.map(({ sequence, at, kind, protocol, address, port, name, reason, remedy, count }) => ({
      sequence,
      at: at.toISOString(),
      kind,
      protocol,
      address: address ?? null,
      port: port ?? null,
      name: name ?? null,
      reason,
      remedy,
      count,
    })),
  };
}
