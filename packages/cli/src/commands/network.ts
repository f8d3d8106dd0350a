import type { NetworkEvent } from 'boxlite/backend';
import type { Command } from 'commander';
import { wholeNumber } from '../box-flags.ts';
import { existingBox, withRuntime } from '../connect.ts';
import { age, type Format, formatOption, formatted } from '../format.ts';
import { firstSignal } from '../signals.ts';
import { table } from '../table.ts';
import { UsageError } from '../usage.ts';
import type { Plain } from '../yaml.ts';

interface EventsFlags {
  readonly after?: number;
  readonly format: Format;
}

interface TunnelFlags {
  readonly host: string;
  readonly port: number;
}

/** `boxlite network events` and `boxlite network tunnel`. */
export function registerNetwork(program: Command): void {
  const network = program.command('network').description('see what boxes may not reach, and reach into them');
  const events = network
    .command('events')
    .description('list what the network of a box refused, and what would let it through')
    .argument('<box>', 'id or name')
    .option('--after <sequence>', 'leave out all up to this one', wholeNumber('--after'))
    .addOption(formatOption())
    .action(async (name: string, { after, format }: EventsFlags) => {
      await withRuntime(events, async (runtime) => {
        const box = await existingBox(runtime, name);
        process.stdout.write(printed(await box.network.events(after === undefined ? {} : { after }), format));
      });
    });
  const tunnel = network
    .command('tunnel')
    .description('listen on this machine and lead every connection to a port of a box, until interrupted')
    .argument('<box>', 'id or name')
    .argument('<port>', 'TCP port in the box', wholeNumber('port'))
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0 chooses a free one', wholeNumber('--port'), 0)
    .action(async (name: string, port: number, flags: TunnelFlags) => {
      if (port < 1 || port > 65_535) throw new UsageError(`the port must be 1 to 65535, not ${port}`);
      await withRuntime(tunnel, async (runtime) => {
        const box = await existingBox(runtime, name);
        await using forward = await box.network.tunnel(port).forward(flags);
        const ended = firstSignal();
        const host = forward.host.includes(':') ? `[${forward.host}]` : forward.host;
        process.stdout.write(`listening on ${host}:${forward.port}\n`);
        await ended;
      });
    });
}

function printed(events: readonly NetworkEvent[], format: Format): string {
  return formatted(format, events.map(eventRecord), () =>
    table(
      ['SEQUENCE', 'LAST', 'COUNT', 'PROTOCOL', 'TARGET', 'REASON', 'REMEDY'],
      events.map((event) => [
        String(event.sequence),
        age(event.at),
        String(event.count),
        event.protocol,
        target(event),
        event.reason,
        inOptions(event.remedy),
      ]),
    ),
  );
}

/** What was tried: the name and where it led, as far as they are known. */
function target({ name, address, port }: NetworkEvent): string {
  const host = name ?? (address?.includes(':') ? `[${address}]` : address) ?? '-';
  const place = port === undefined ? host : `${host}:${port}`;
  return name === undefined || address === undefined ? place : `${place} (${address})`;
}

/** The options of this program that do what the remedy says; another remedy as it is. */
function inOptions(remedy: string): string {
  const [, rules] = /^(?:add|set) ("[^"]+"(?: and "[^"]+")*) (?:to|as) network\.allow\b/.exec(remedy) ?? [];
  if (rules === undefined) return remedy;
  return [...rules.matchAll(/"([^"]+)"/g)].map(([, rule]) => `--allow-net ${rule}`).join(' ');
}

function eventRecord(event: NetworkEvent): { readonly [key: string]: Plain } {
  return {
    Sequence: event.sequence,
    At: event.at.toISOString(),
    Kind: event.kind,
    Protocol: event.protocol,
    Address: event.address ?? null,
    Port: event.port ?? null,
    Name: event.name ?? null,
    Reason: event.reason,
    Remedy: event.remedy,
    Count: event.count,
  };
}
