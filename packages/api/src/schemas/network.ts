import * as z from 'zod';
import { matching, maybe, oneOf } from './field.ts';

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
export const allowNet: z.ZodType<readonly string[]> = z
  .array(
    matching('each item of network.allow_net', /^[^\0]+$/, 'text of 1 to 300 characters without NUL', 300),
    'network.allow_net must be a list of texts',
  )
  .max(1000, 'network.allow_net must be a list of at most 1000 rules');

const conflict = {
  message: 'network.allow_net does not go with mode disabled: leave it out, or use mode enabled',
  path: ['allow_net'],
};
const fits = ({ mode, allow_net = [] }: OutboundNetwork): boolean => mode !== 'disabled' || allow_net.length === 0;

/** Checks the flat form. */
export const flatNetwork: z.ZodType<FlatNetwork> = z
  .object({ mode: oneOf('network.mode', networkSwitches), allow_net: allowNet.optional() })
  .refine(fits, conflict);

/** Checks the nested form. */
export const nestedNetwork: z.ZodType<NestedNetwork> = z
  .looseObject({
    outbound: z
      .object(
        { mode: oneOf('network.outbound.mode', networkSwitches).optional(), allow_net: allowNet.optional() },
        'network.outbound must be an object',
      )
      .refine(fits, conflict)
      .optional(),
    inbound: z
      .object({ mode: oneOf('network.inbound.mode', networkSwitches).optional() }, 'network.inbound must be an object')
      .optional(),
  })
  // A flat one that is wrong must not pass for a nested one that says nothing.
  .refine((network) => !('mode' in network), {
    error: 'network.mode does not go with outbound and inbound',
    abort: true,
  });

/** Checks what a request says of a box's network. */
export const networkSpec: z.ZodType<NetworkSpec> = z.union([z.enum(['isolated', 'none']), flatNetwork, nestedNetwork], {
  error({ input }) {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      return 'network must be isolated, none, or an object with outbound and inbound';
    }
    // What the form that was meant says; `mode` is what only the flat one has.
    return ('mode' in input ? flatNetwork : nestedNetwork).safeParse(input).error?.issues[0]?.message;
  },
});

/** A port of a box as it is published. */
export interface PublishedPort {
  readonly host_ip: string;
  readonly host_port: number;
  readonly guest_port: number;
  readonly protocol: 'tcp' | 'udp';
}

const port = z.int().min(1).max(65535);

/** Reads a published port. */
export const publishedPort: z.ZodType<PublishedPort> = z.object({
  host_ip: z.string(),
  host_port: port,
  guest_port: port,
  protocol: z.enum(['tcp', 'udp']),
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
export const boxNetwork: z.ZodType<BoxNetwork> = z.object({
  outbound: z.object({ mode: z.enum(networkSwitches), allow_net: z.array(z.string()) }),
  inbound: z.object({ mode: z.enum(networkSwitches) }),
  published_ports: maybe(z.array(publishedPort)),
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
export const networkEvent: z.ZodType<NetworkEvent> = z.object({
  sequence: z.int().nonnegative(),
  at: z.string(),
  kind: z.literal('refused'),
  protocol: z.enum(['tcp', 'udp', 'dns', 'icmp']),
  address: maybe(z.string()),
  port: maybe(z.int()),
  name: maybe(z.string()),
  reason: z.string(),
  remedy: z.string(),
  count: z.int().nonnegative(),
});

/** What a box's network refused, oldest first. */
export interface ListNetworkEventsResponse {
  readonly events: readonly NetworkEvent[];
}

/** Reads what a box's network refused. */
export const listNetworkEventsResponse: z.ZodType<ListNetworkEventsResponse> = z.object({
  events: z.array(networkEvent),
});
