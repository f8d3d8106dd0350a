import { word } from './answer.ts';
import { matching, oneOf } from './field.ts';
import { type NetworkSwitch, networkSwitches } from './network.ts';
import { checked, chosen, isRecord, list, object, optional, refused, type Schema } from './schema.ts';

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
