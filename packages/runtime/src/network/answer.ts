import { InternalError, type NetworkEvent } from 'boxlite/backend';
import { z } from 'zod';
import type { NetworkUsage, PublishedPort } from './box-network.ts';

const count = z.number().int().nonnegative();
const port = z.number().int().min(0).max(65_535);
const optionalText = z.string().transform((text) => (text === '' ? undefined : text));

const helloSchema = z.object({
  version: z.literal(1),
  pid: z.number().int().positive(),
  keeper: z.number().int().positive(),
  resolver: z.string(),
  ports: z.array(z.object({ guestPort: port, hostPort: port, hostIp: z.string(), protocol: z.enum(['tcp', 'udp']) })),
});

const usageSchema = z.object({
  bytesSent: count,
  bytesReceived: count,
  connectionsTotal: count,
  connectionsOpen: count,
  connectionsRefused: count,
  connectionsFailed: count,
  inwardIdleMs: count,
});

const eventsSchema = z.array(
  z.object({
    sequence: count,
    at: count.transform((ms) => new Date(ms)),
    protocol: z.enum(['tcp', 'udp', 'dns', 'icmp']),
    address: optionalText,
    port: port.transform((number) => (number === 0 ? undefined : number)),
    name: optionalText,
    reason: z.string(),
    remedy: z.string(),
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

function parse<T>(schema: z.ZodType<T>, line: string): T {
  try {
    return schema.parse(JSON.parse(line));
  } catch (cause) {
    throw new InternalError(`the network process answered ${JSON.stringify(line.slice(0, 200))}`, { cause });
  }
}

/** Reads what the network process answers, one JSON line each. `InternalError` on anything else. */
export const answers: {
  readonly hello: (line: string) => Hello;
  readonly usage: (line: string) => NetworkUsage;
  readonly events: (line: string) => readonly NetworkEvent[];
} = {
  hello: (line) => parse(helloSchema, line),
  usage: (line) => parse(usageSchema, line),
  events: (line) => parse(eventsSchema, line).map((event) => ({ ...event, kind: 'refused' as const })),
};
