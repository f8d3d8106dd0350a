import { isIPv4, isIPv6 } from 'node:net';
import { InvalidArgumentError } from 'boxlite/backend';

/** One thing that a box may reach. */
export interface NetworkRule {
  readonly kind: 'domain' | 'wildcard' | 'cidr';
  /** Lower case, without the `*.` of a wildcard; an address for a CIDR. */
  readonly value: string;
  /** Leading bits of a CIDR; 32 or 128 for one address. Undefined for names. */
  readonly prefix: number | undefined;
  /** Undefined: every port. */
  readonly port: number | undefined;
}

const nameLimit = 253;
const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

function refused(rule: string, why: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `network.allow ${JSON.stringify(rule)}: ${why}; write a name, *.name, an address or a CIDR, each with :port if wanted`,
  );
}

function split(rule: string): { readonly host: string; readonly port: string | undefined } {
  const bracketed = /^\[([^\]]*)\](\/\d+)?(?::(.*))?$/.exec(rule);
  if (bracketed) return { host: `${bracketed[1]}${bracketed[2] ?? ''}`, port: bracketed[3] };
  const colon = rule.indexOf(':');
  if (colon < 0 || colon !== rule.lastIndexOf(':')) return { host: rule, port: undefined };
  return { host: rule.slice(0, colon), port: rule.slice(colon + 1) };
}

/** Reads one rule: `pypi.org`, `*.pypi.org`, `192.0.2.1`, `10.0.0.0/8`, `[2001:db8::]/32`, each optionally with `:port`. `InvalidArgumentError` names it. */
export function parseRule(rule: string): NetworkRule {
  const { host, port: portText } = split(rule);
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && !(/^[0-9]{1,5}$/.test(portText ?? '') && port >= 1 && port <= 65_535))
    throw refused(rule, 'the port must be 1 to 65535');
  const slash = host.indexOf('/');
  const address = slash < 0 ? host : host.slice(0, slash);
  const bits = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : undefined;
  if (bits !== undefined) {
    const prefixText = slash < 0 ? String(bits) : host.slice(slash + 1);
    const prefix = Number(prefixText);
    if (!/^[0-9]{1,3}$/.test(prefixText) || prefix > bits) throw refused(rule, `the prefix must be 0 to ${bits}`);
    return { kind: 'cidr', value: address.toLowerCase(), prefix, port };
  }
  if (slash >= 0) throw refused(rule, 'this is no address');
  const wildcard = host.startsWith('*.');
  const name = (wildcard ? host.slice(2) : host).toLowerCase().replace(/\.$/, '');
  const labels = name.split('.');
  if (name.length > nameLimit || !labels.every((part) => label.test(part))) throw refused(rule, 'this is no name');
  if (/^[0-9]+$/.test(labels.at(-1) ?? '')) throw refused(rule, 'this is no address');
  return { kind: wildcard ? 'wildcard' : 'domain', value: name, prefix: undefined, port };
}

/** The rule as text, in the one form that the network process reads. */
export function formatRule({ kind, value, prefix, port }: NetworkRule): string {
  const host = kind === 'cidr' ? `${value.includes(':') ? `[${value}]` : value}/${prefix}` : value;
  return `${kind === 'wildcard' ? '*.' : ''}${host}${port === undefined ? '' : `:${port}`}`;
}
