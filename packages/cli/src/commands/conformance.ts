import { type Command, Option } from 'commander';
import { collect, wholeNumber } from '../box-flags.ts';
import { requirements } from '../conformance/requirements.ts';
import { type Result, results } from '../conformance/run.ts';
import { meet, type Target } from '../conformance/server.ts';
import { type Format, formatOption, formatted } from '../format.ts';
import { globalOptions } from '../globals.ts';
import { table } from '../table.ts';
import { UsageError } from '../usage.ts';

interface ConformanceFlags {
  readonly format: Format;
  readonly apiKey?: string;
  readonly oauthClient?: string;
  readonly otherApiKey?: string;
  readonly image?: string;
  readonly only?: readonly string[];
  readonly atOnce: number;
  readonly list?: boolean;
}

/** `boxlite conformance URL`: whether a server does what the contract says. Exit code 1 where a requirement failed. */
export function registerConformance(program: Command): void {
  const command = program
    .command('conformance')
    .description(
      'hold any BoxLite server to the requirements of both generations; it makes boxes there, and removes them',
    )
    .argument('[url]', 'the server; BOXLITE_REST_URL unless given')
    .addOption(new Option('--api-key <key>', 'a credential of generation 2').env('BOXLITE_API_KEY'))
    .option('--oauth-client <id:secret>', 'one of generation 1 (BOXLITE_REST_CLIENT_ID and BOXLITE_REST_CLIENT_SECRET)')
    .option('--other-api-key <key>', 'a key of another tenant, to see that tenants are apart')
    .option('--image <reference>', 'what to make boxes of, with sh and stty; the server’s default unless given')
    .option('--only <id>', 'only this requirement, or this group such as output; may be repeated', collect)
    .option('--at-once <count>', 'how many requirements to look at together', wholeNumber('--at-once'), 1)
    .option('--list', 'print the requirements, and ask no server')
    .addOption(formatOption())
    .action(async (url: string | undefined, flags: ConformanceFlags) => {
      const { only } = flags;
      const chosen = requirements.filter(
        ({ id }) => only === undefined || only.some((one) => id === one || id.startsWith(`${one}.`)),
      );
      if (chosen.length === 0) throw new UsageError('no requirement has such an id; --list shows them');
      if (flags.list) {
        const all = chosen.map(({ id, text, clause }) => ({ id, requirement: text, clause }));
        const rows = all.map(({ id, requirement, clause }) => [id, requirement, clause]);
        process.stdout.write(formatted(flags.format, all, () => table(['ID', 'REQUIREMENT', 'CLAUSE'], rows)));
        return;
      }
      const { url: general, pathPrefix } = globalOptions(command);
      const server = await meet({ ...targetOf(url ?? general, flags), pathPrefix });
      const found = await results(server, chosen, Math.max(1, flags.atOnce));
      process.stdout.write(
        formatted(
          flags.format,
          found.map((one) => ({ ...one })),
          () => report(found),
        ),
      );
      process.exitCode = found.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
    });
}

function targetOf(url: string | undefined, flags: ConformanceFlags): Omit<Target, 'pathPrefix'> {
  if (url === undefined) throw new UsageError('which server? give its URL, or set BOXLITE_REST_URL');
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw new UsageError(`a URL is such as https://host; got ${url}`);
  const apiKey = flags.apiKey || undefined;
  const client = clientOf(flags.oauthClient);
  if (apiKey === undefined && client === undefined) {
    throw new UsageError(
      'a credential is needed: BOXLITE_API_KEY, or BOXLITE_REST_CLIENT_ID and BOXLITE_REST_CLIENT_SECRET, or both',
    );
  }
  return { url, apiKey, client, otherApiKey: flags.otherApiKey, image: flags.image };
}

function clientOf(flag: string | undefined): Target['client'] {
  if (flag === undefined) {
    const id = process.env['BOXLITE_REST_CLIENT_ID'] || undefined;
    const secret = process.env['BOXLITE_REST_CLIENT_SECRET'] || undefined;
    return id === undefined || secret === undefined ? undefined : { id, secret };
  }
  const colon = flag.indexOf(':');
  if (colon < 1) throw new UsageError('--oauth-client is ID:SECRET');
  return { id: flag.slice(0, colon), secret: flag.slice(colon + 1) };
}

function report(found: readonly Result[]): string {
  const rows = found.map(({ id, requirement, outcome, reason }) => [
    id,
    requirement,
    reason === null ? outcome : `${outcome}: ${reason}`,
  ]);
  const count = (wanted: Result['outcome']): number => found.filter(({ outcome }) => outcome === wanted).length;
  const verdict = `${count('passed')} passed, ${count('failed')} failed, ${count('not applicable')} not applicable`;
  return `${table(['ID', 'REQUIREMENT', 'OUTCOME'], rows)}\n${verdict}\n`;
}
