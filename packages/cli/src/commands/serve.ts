import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { AuthOptions, Identity, LimitOptions, Listening, Log, ServerStore } from '@boxlite/server';
import { InvalidStateError, UnsupportedError } from 'boxlite/backend';
import type { Command } from 'commander';
import { collect, wholeNumber } from '../box-flags.ts';
import { localOptions } from '../connect.ts';
import { globalOptions } from '../globals.ts';
import { openHomeIdentity } from '../identity.ts';
import { firstSignal } from '../signals.ts';
import { UsageError } from '../usage.ts';
import { warmOptions } from '../warm-flag.ts';

interface ServeFlags {
  readonly host: string;
  readonly port: number;
  readonly apiKey?: readonly string[];
  readonly oauthClient?: readonly string[];
  readonly allowHostPath?: readonly string[];
  readonly allowHostPort?: readonly string[];
  readonly warm?: readonly string[];
  readonly basePath?: string;
  readonly maxBoxes?: number;
  readonly requestsPerSecond?: number;
  readonly requestsAtOnce?: number;
  readonly attached?: boolean;
  readonly dev?: boolean;
}

/** `boxlite serve`: the boxes of this machine behind the REST API. They outlive the server. */
export function registerServe(program: Command): void {
  const command = program
    .command('serve')
    .description('serve the boxes of this machine over the REST API')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0 chooses a free one', wholeNumber('--port'), 8100)
    .option('--api-key <key>', 'take this API key; may be repeated', collect)
    .option('--oauth-client <id:secret>', 'take this OAuth2 client; may be repeated', collect)
    .option('--allow-host-path <dir>', 'let boxes use this directory of the host as a volume; may be repeated', collect)
    .option(
      '--allow-host-port <[ip:]port[-port]>',
      'let boxes publish their ports here; 0 is any free one; may be repeated',
      collect,
    )
    .option('--warm <boxes>', 'keep boxes ready: "COUNT IMAGE [FLAGS OF create]"; may be repeated', collect)
    .option('--base-path <path>', 'serve below this path, such as /api, where a proxy leaves it there')
    .option('--max-boxes <count>', 'most boxes of one tenant (10000)', wholeNumber('--max-boxes'))
    .option(
      '--requests-per-second <count>',
      'most requests of one credential in the long run (5000)',
      wholeNumber('--requests-per-second'),
    )
    .option(
      '--requests-at-once <count>',
      'most requests of one credential under way, streams among them (2000)',
      wholeNumber('--requests-at-once'),
    )
    .option('--attached', 'boxes end with the server, also when it is killed; by default they outlive it')
    .option('--dev', 'also take test-client with test-secret, on loopback only')
    .action(async (flags: ServeFlags) => {
      const options = globalOptions(command);
      if (options.url !== undefined && options.url !== process.env['BOXLITE_REST_URL']) {
        throw new UnsupportedError('serve serves the boxes of this machine; leave --url out');
      }
      using identity = await openHomeIdentity(options);
      const { auth, madeKey } = credentials(flags, keepsCredentials(identity));
      const warm = (flags.warm ?? []).map(warmOptions);
      const [{ defaultHomeDir, openLocal }, { createApp, listen, openServerStore }] = await Promise.all([
        import('@boxlite/runtime'),
        import('@boxlite/server'),
      ]);
      const backend = await openLocal({
        ...localOptions(options),
        warm,
        detachAll: flags.attached !== true,
        ...(flags.maxBoxes !== undefined && { maxBoxes: flags.maxBoxes }),
      });
      const homeDir = resolve(options.home ?? defaultHomeDir());
      let store: ServerStore | undefined;
      try {
        store = openServerStore(join(homeDir, 'server.db'));
        const app = createApp(backend, {
          auth: { ...auth, identity },
          limits: limitsOf(flags),
          store,
          log: logTo(options.debug),
          ...(flags.basePath !== undefined && { basePath: flags.basePath }),
          ...(flags.allowHostPath && { allowHostPaths: flags.allowHostPath }),
          ...(flags.allowHostPort && { allowHostPorts: flags.allowHostPort }),
        });
        await using server = await listening(() => listen(app, { host: flags.host, port: flags.port }), flags);
        if (madeKey !== undefined) process.stderr.write(`API key, shown only this once: ${madeKey}\n`);
        const ended = firstSignal();
        process.stdout.write(`listening on ${server.url}\n`);
        await ended;
      } finally {
        await backend.shutdown();
        store?.close();
      }
    });
}

/**
 * Who may use the server beside those that the home directory keeps, if any: without a credential at all only this
 * machine, by a key made now.
 */
export function credentials(
  flags: Pick<ServeFlags, 'host' | 'apiKey' | 'oauthClient' | 'dev'>,
  kept = false,
): { readonly auth: AuthOptions; readonly madeKey: string | undefined } {
  const clients = (flags.oauthClient ?? []).map(parseClient);
  const apiKeys = (flags.apiKey ?? []).map((key, index) => ({ id: `api-key-${index + 1}`, key }));
  if (apiKeys.some(({ key }) => key === '')) throw new UsageError('--api-key must not be empty');
  const explicit = kept || clients.length + apiKeys.length > 0;
  if (!isLoopback(flags.host)) {
    if (flags.dev) throw new UsageError(`--dev works on loopback only, not on ${flags.host}: leave it or --host out`);
    if (!explicit)
      throw new UsageError(
        `to listen on ${flags.host}, give --api-key or --oauth-client, or make a key with boxlite keys create`,
      );
  }
  if (flags.dev) clients.push({ id: 'test-client', secret: 'test-secret' });
  const madeKey = explicit || flags.dev ? undefined : `blk_${randomBytes(24).toString('base64url')}`;
  if (madeKey !== undefined) apiKeys.push({ id: 'made-at-start', key: madeKey });
  return { auth: { clients, apiKeys }, madeKey };
}

/** Whether somebody can get in by what the home directory keeps. */
function keepsCredentials(identity: Identity): boolean {
  const now = Date.now();
  const all = [...identity.list('key'), ...identity.list('client')];
  return all.some(({ expiresAtMs }) => expiresAtMs === undefined || now < expiresAtMs);
}

function limitsOf({ requestsPerSecond, requestsAtOnce }: ServeFlags): LimitOptions {
  return {
    ...(requestsPerSecond !== undefined && { requestsPerSecond }),
    ...(requestsAtOnce !== undefined && { requestsAtOnce }),
  };
}

function parseClient(flag: string): { id: string; secret: string } {
  const colon = flag.indexOf(':');
  const [id, secret] = [flag.slice(0, colon), flag.slice(colon + 1)];
  if (colon < 1 || secret === '') throw new UsageError('--oauth-client must be ID:SECRET, neither of them empty');
  return { id, secret };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

async function listening(start: () => Promise<Listening>, { host, port }: ServeFlags): Promise<Listening> {
  try {
    return await start();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'EADDRINUSE') {
      throw new InvalidStateError(`port ${port} on ${host} is taken; choose another with --port`, { cause });
    }
    throw cause;
  }
}

function logTo(everything: boolean): Log {
  return (entry) => {
    if (entry.level === 'info' && !everything) return;
    const error = entry.error instanceof Error ? (entry.error.stack ?? entry.error.message) : entry.error;
    process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), ...entry, error })}\n`);
  };
}
