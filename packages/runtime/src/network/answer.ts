import { EngineError, InternalError, type NetworkEvent } from 'boxlite/backend';
import * as v from 'valibot';
import type { NetworkUsage, PublishedPort } from './box-network.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const port = v.pipe(count, v.maxValue(65_535));
const id = v.pipe(count, v.minValue(1));
const optionalText = v.pipe(
  v.string(),
  v.transform((text) => (text === '' ? undefined : text)),
);

const helloSchema = v.object({
  version: v.literal(1),
  pid: id,
  keeper: id,
  resolver: v.string(),
  ports: v.array(
    v.object({ guestPort: port, hostPort: port, hostIp: v.string(), protocol: v.picklist(['tcp', 'udp']) }),
  ),
});

const usageSchema = v.object({
  bytesSent: count,
  bytesReceived: count,
  connectionsTotal: count,
  connectionsOpen: count,
  connectionsRefused: count,
  connectionsFailed: count,
  inwardIdleMs: count,
});

const eventsSchema = v.array(
  v.object({
    sequence: count,
    at: v.pipe(
      count,
      v.transform((ms) => new Date(ms)),
    ),
    protocol: v.picklist(['tcp', 'udp', 'dns', 'icmp']),
    address: optionalText,
    port: v.pipe(
      port,
      v.transform((number) => (number === 0 ? undefined : number)),
    ),
    name: optionalText,
    reason: v.string(),
    remedy: v.string(),
    count,
  }),
);

/** What the process says of itself. */
export interface Hello {
  readonly pid: number;
  /** The process that holds the namespace. */
  readonly keeper: number;
  readonly resolver: string;
  readonly ports: readonly PublishedPort[];
}

function parse<T>(schema: v.GenericSchema<unknown, T>, line: string): T {
  try {
    return v.parse(schema, JSON.parse(line));
  } catch (cause) {
    throw new InternalError(`the network process answered ${JSON.stringify(line.slice(0, 200))}`, { cause });
  }
}

const failureSchema = v.object({ error: v.string() });

function parseHello(line: string): Hello {
  if (!line.startsWith('{"error":')) return parse(helloSchema, line);
  throw new EngineError(parse(failureSchema, line).error);
}

/** Reads what the network process answers, one JSON line each. `EngineError` with its reason where there is no network, `InternalError` on anything else. */
export const answers: {
  readonly hello: (line: string) => Hello;
  readonly usage: (line: string) => NetworkUsage;
  readonly events: (line: string) => readonly NetworkEvent[];
} = {
  hello: parseHello,
  usage: (line) => parse(usageSchema, line),
  events: (line) => parse(eventsSchema, line).map((event) => ({ ...event, kind: 'refused' as const })),
};
