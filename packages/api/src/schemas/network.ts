import { count, int, literal, string, strings, within, word } from './answer.ts';
import { list, maybe, object, type Schema } from './schema.ts';

/** Whether one direction of a box's network is open. */
export const networkSwitches = ['enabled', 'disabled'] as const;

/** One of {@link networkSwitches}. */
export type NetworkSwitch = (typeof networkSwitches)[number];

/** A port of a box as it is published. */
export interface PublishedPort {
  readonly host_ip: string;
  readonly host_port: number;
  readonly guest_port: number;
  readonly protocol: 'tcp' | 'udp';
}

const port = within(1, 65535);

/** Reads a published port. */
export const publishedPort: Schema<PublishedPort> = object({
  host_ip: string,
  host_port: port,
  guest_port: port,
  protocol: word(['tcp', 'udp']),
});

/** The network of a box as it was when asked, as generation 2 has it: with both directions disabled it has none. */
export interface BoxNetwork {
  readonly outbound: {
    readonly mode: NetworkSwitch;
    /** Empty while enabled: every public address. */
    readonly allow_net: readonly string[];
  };
  readonly inbound: { readonly mode: NetworkSwitch };
  /** Absent, null or empty while the box does not run. */
  readonly published_ports?: readonly PublishedPort[] | null | undefined;
}

/** Reads a box's network. */
export const boxNetwork: Schema<BoxNetwork> = object({
  outbound: object({ mode: word(networkSwitches), allow_net: strings }),
  inbound: object({ mode: word(networkSwitches) }),
  published_ports: maybe(list(publishedPort)),
});

/** Something that a box's network refused. */
export interface NetworkEvent {
  /** Counts up from 1 in each run of the box. */
  readonly sequence: number;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly kind: 'refused';
  readonly protocol: 'tcp' | 'udp' | 'dns' | 'icmp';
  readonly address?: string | null | undefined;
  readonly port?: number | null | undefined;
  readonly name?: string | null | undefined;
  readonly reason: string;
  readonly remedy: string;
  /** How often the same was refused. */
  readonly count: number;
}

/** Reads something that a box's network refused. */
export const networkEvent: Schema<NetworkEvent> = object({
  sequence: count,
  at: string,
  kind: literal('refused'),
  protocol: word(['tcp', 'udp', 'dns', 'icmp']),
  address: maybe(string),
  port: maybe(int),
  name: maybe(string),
  reason: string,
  remedy: string,
  count: count,
});

/** What a box's network refused, oldest first. */
export interface ListNetworkEventsResponse {
  readonly events: readonly NetworkEvent[];
}

/** Reads what a box's network refused. */
export const listNetworkEventsResponse: Schema<ListNetworkEventsResponse> = object({
  events: list(networkEvent),
});
