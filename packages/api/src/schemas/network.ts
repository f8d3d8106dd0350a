import { count, int, literal, string, strings, within, word } from './answer.ts';
import { matching, oneOf } from './field.ts';
import { checked, chosen, isRecord, list, maybe, object, optional, refused, type Schema } from './schema.ts';

/** Whether one direction of a box's network is open. */
export const networkSwitches = ['enabled', 'disabled'] as const;

/** One of {@link networkSwitches}. */
export type NetworkSwitch = (typeof networkSwitches)[number];

/** The network of a box in the nested form of generation 2. */
export interface NestedNetwork {
  readonly outbound?: OutboundNetwork | undefined;
  readonly inbound?: { readonly mode?: NetworkSwitch | undefined } | undefined;
}

/** What a box may connect to. */
export interface OutboundNetwork {
  /** @default 'enabled' */
  readonly mode?: NetworkSwitch | undefined;
  /** @default every public address */
  readonly allow_net?: readonly string[] | undefined;
}

/** The network of a box in the flat form of generation 2; `mode` is that of outbound. */
export interface FlatNetwork {
  readonly mode: NetworkSwitch;
  readonly allow_net?: readonly string[] | undefined;
}

/** What a request may say of a box's network: the word of generation 1, or either form of generation 2. */
export type NetworkSpec = 'isolated' | 'none' | NestedNetwork | FlatNetwork;

/** Checks a list of rules. */
export const allowNet: Schema<readonly string[]> = checked(
  list(
    matching('each item of network.allow_net', /^[^\0]+$/, 'text of 1 to 300 characters without NUL', 300),
    'network.allow_net must be a list of texts',
  ),
  ({ length }) => length <= 1000,
  'network.allow_net must be a list of at most 1000 rules',
);

const conflict = 'network.allow_net does not go with mode disabled: leave it out, or use mode enabled';
const fits = ({ mode, allow_net = [] }: OutboundNetwork): boolean => mode !== 'disabled' || allow_net.length === 0;

/** Checks the flat form. */
export const flatNetwork: Schema<FlatNetwork> = checked(
  object<FlatNetwork>({ mode: oneOf('network.mode', networkSwitches), allow_net: optional(allowNet) }),
  fits,
  conflict,
  'allow_net',
);

const outboundNetwork: Schema<OutboundNetwork> = checked(
  object<OutboundNetwork>(
    { mode: optional(oneOf('network.outbound.mode', networkSwitches)), allow_net: optional(allowNet) },
    'network.outbound must be an object',
  ),
  fits,
  conflict,
  'allow_net',
);

/** Checks the nested form. */
export const nestedNetwork: Schema<NestedNetwork> = object({
  outbound: optional(outboundNetwork),
  inbound: optional(
    object({ mode: optional(oneOf('network.inbound.mode', networkSwitches)) }, 'network.inbound must be an object'),
  ),
});

/** Checks what a request says of a box's network; `mode` is what only the flat form has. */
export const networkSpec: Schema<NetworkSpec> = chosen<NetworkSpec>((network) => {
  if (network === 'isolated' || network === 'none') return word(['isolated', 'none']);
  if (isRecord(network)) return 'mode' in network ? flatNetwork : nestedNetwork;
  return refused('network must be isolated, none, or an object with outbound and inbound');
});

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
