import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type {
  AuthOptions,
  Identity,
  LimitOptions,
  Listening,
  LogLevel,
  ServerStore,
  TlsOptions,
} from '@boxlite/server';
import { InvalidStateError, UnsupportedError } from 'boxlite/backend';
import { type Command, Option } from 'commander';
import { collect, wholeNumber } from '../box-flags.ts';
import { localOptions } from '../connect.ts';
import { durationMs } from '../duration.ts';
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
  readonly outputRetention?: number;
  readonly outputRetentionBytes?: number;
  readonly dev?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly allowRegistry?: readonly string[];
  readonly corsOrigin?: readonly string[];
  readonly maxConnections?: number;
  readonly drainTimeout: number;
  readonly metricsPublic?: boolean;
  readonly dashboard: boolean;
  readonly logLevel?: LogLevel;
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
    .option('--output-retention <duration>', 'keep output so long after its command ended (7d)', durationMs)
    .option(
      '--output-retention-bytes <bytes>',
      'keep so much of it in all (16 GiB)',
      wholeNumber('--output-retention-bytes'),
    )
    .option('--dev', 'also take test-client with test-secret, on loopback only')
    .option('--tls-cert <file>', 'speak TLS with this certificate (PEM, with its chain); a new one is taken up')
    .option('--tls-key <file>', 'the key of that certificate (PEM)')
    .option(
      '--allow-registry <host>',
      'pull only from this registry and those of --registry; may be repeated; by default from any that is public',
      collect,
    )
    .option('--cors-origin <origin>', 'let pages of this origin use the API; may be repeated', collect)
    .option('--max-connections <count>', 'most connections at a time', wholeNumber('--max-connections'))
    .option('--drain-timeout <duration>', 'how long what is under way may go on after SIGTERM', durationMs, 10_000)
    .option('--metrics-public', 'let anybody read /metrics; by default it takes a credential with runtime:admin')
    .option('--no-dashboard', 'leave the page at /dashboard out')
    .addOption(
      new Option('--log-level <level>', 'how much to log on stderr, as lines of JSON; info has every request').choices([
        'debug',
        'info',
        'warn',
        'error',
        'silent',
      ]),
    )
    .action(async (flags: ServeFlags) => {
      const options = globalOptions(command);
      if (options.url !== undefined && options.url !== process.env['BOXLITE_REST_URL']) {
        throw new UnsupportedError('serve serves the boxes of this machine; leave --url out');
      }
      const { pathPrefix, profile } = options;
      if (pathPrefix !== undefined && pathPrefix !== process.env['BOXLITE_REST_PATH_PREFIX']) {
        throw new UsageError(
          'serve serves every tenant: leave --path-prefix out; keys create --tenant binds a key to one',
        );
      }
      if (profile !== undefined && profile !== process.env['BOXLITE_PROFILE']) {
        throw new UsageError('serve serves the boxes of this machine: leave --profile out');
      }
      using identity = await openHomeIdentity(options);
      const { auth, madeKey } = credentials(flags, keepsCredentials(identity));
      const tls = tlsOptions(flags);
      const warm = (flags.warm ?? []).map(warmOptions);
      const [{ defaultHomeDir, openLocal }, { createApp, lineLog, listen, openServerStore }] = await Promise.all([
        import('@boxlite/runtime'),
        import('@boxlite/server'),
      ]);
      const { log, flush } = lineLog(flags.logLevel ?? (options.debug ? 'debug' : 'info'), process.stderr.fd);
      const backend = await openLocal({
        ...localOptions(options),
        warm,
        detachAll: flags.attached !== true,
        ...(flags.maxBoxes !== undefined && { maxBoxes: flags.maxBoxes }),
        ...(flags.outputRetention !== undefined && { outputRetentionMs: flags.outputRetention }),
        ...(flags.outputRetentionBytes !== undefined && { outputRetentionBytes: flags.outputRetentionBytes }),
        // Whoever asks this server for an image is somebody else than who runs it.
        registryPolicy: { addresses: 'public', ...(flags.allowRegistry && { hosts: flags.allowRegistry }) },
      });
      const homeDir = resolve(options.home ?? defaultHomeDir());
      let store: ServerStore | undefined;
      try {
        store = openServerStore(join(homeDir, 'server.db'));
        const app = createApp(backend, {
          auth: { ...auth, identity },
          limits: limitsOf(flags),
          store,
          log,
          ...(flags.basePath !== undefined && { basePath: flags.basePath }),
          ...(flags.allowHostPath && { allowHostPaths: flags.allowHostPath }),
          ...(flags.allowHostPort && { allowHostPorts: flags.allowHostPort }),
          ...(flags.corsOrigin && { corsOrigins: flags.corsOrigin }),
          ...(flags.metricsPublic && { metricsPublic: true }),
          dashboard: flags.dashboard,
        });
        const onReload = (error?: Error): void =>
          log(
            error
              ? { level: 'error', message: 'the new TLS certificate is not taken up', error }
              : { level: 'info', message: 'a new TLS certificate is taken up' },
          );
        const where = { host: flags.host, port: flags.port, ...(tls && { tls: { ...tls, onReload } }) };
        const limits = flags.maxConnections === undefined ? {} : { maxConnections: flags.maxConnections };
        await using server = await listening(() => listen(app, { ...where, limits }), flags);
        if (madeKey !== undefined) process.stderr.write(`API key, shown only this once: ${madeKey}\n`);
        if (tls) process.on('SIGHUP', () => void server.reloadCertificate());
        const ended = firstSignal();
        process.stdout.write(`listening on ${server.url}\n`);
        await ended;
        log({ level: 'info', message: 'shutting down; a second signal ends at once' });
        await server.close({ graceMs: flags.drainTimeout });
      } finally {
        await backend.shutdown();
        store?.close();
        flush();
      }
    });
}

function tlsOptions({ tlsCert, tlsKey }: ServeFlags): TlsOptions | undefined {
  if (tlsCert !== undefined && tlsKey !== undefined) return { certFile: tlsCert, keyFile: tlsKey };
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  throw new UsageError('--tls-cert and --tls-key go together');
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
