import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { InvalidArgumentError, type RuntimeBackend } from 'boxlite/backend';
import { type AuthOptions, authenticator } from './auth/authenticator.ts';
import { type WatchPrincipal, watchCredential } from './auth/credential-watch.ts';
import { defaultPace, type Pace } from './files/paced-stream.ts';
import { cors } from './guard/cors.ts';
import { securityHeaders } from './guard/security-headers.ts';
import { errorAnswer } from './http/error-answer.ts';
import { generationOf } from './http/generation.ts';
import { HttpError } from './http/http-error.ts';
import { asResponse, type Reply } from './http/reply.ts';
import { requestId } from './http/request-id.ts';
import { empty, refusal } from './http/respond.ts';
import { firstByte } from './http/server-timing.ts';
import type { Note } from './idempotency/attempt.ts';
import { onceEach } from './idempotency/once-each.ts';
import { requestRecords } from './idempotency/records.ts';
import { undoNoted } from './idempotency/undo-noted.ts';
import { type LimitOptions, limiter } from './limits/limiter.ts';
import type { Log, LogEntry } from './log.ts';
import { connector } from './node/connect.ts';
import { upgrader } from './node/upgrade.ts';
import { pageTokens } from './paging/page-tokens.ts';
import { type Passage, router } from './router.ts';
import { apiKeyRoutes } from './routes/api-keys.ts';
import { attachRoutes } from './routes/attach.ts';
import { boxRoutes } from './routes/boxes.ts';
import { copyRoutes } from './routes/copies.ts';
import { eventRoutes } from './routes/events.ts';
import { executionRoutes } from './routes/executions.ts';
import { fileRoutes } from './routes/files.ts';
import { parseHostPorts } from './routes/host-ports.ts';
import { identityRoutes } from './routes/identity.ts';
import { imageRoutes } from './routes/images.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { networkRoutes } from './routes/network.ts';
import { publicRoutes } from './routes/public.ts';
import type { Routes } from './routes/route.ts';
import { singleFileRoutes } from './routes/single-files.ts';
import { snapshotRoutes } from './routes/snapshots.ts';
import { terminalRoutes } from './routes/terminal.ts';
import { volumeRoutes } from './routes/volumes.ts';
import { dashboard } from './site/dashboard.ts';
import { serverMetrics } from './site/metrics.ts';
import { readiness } from './site/readiness.ts';
import { site } from './site/site.ts';
import { openServerStore, type ServerStore } from './store/server-store.ts';
import { tenantsOf } from './tenants.ts';
import type { UpgradeSlot } from './terminal/upgrade-slot.ts';
import { tickets } from './tunnel/tickets.ts';

/** Options of {@link createApp}. */
export interface AppOptions {
  /** Who may use it. */
  readonly auth: AuthOptions;
  /** Host directories that volumes and root file systems may come from. @default none: 403 */
  readonly allowHostPaths?: readonly string[];
  /** Ports of the host that boxes may be published on, `[IP:]PORT[-PORT]`; 0 is any free one. @default none: 403 */
  readonly allowHostPorts?: readonly string[];
  /** What one principal may ask for. @default none */
  readonly limits?: LimitOptions;
  /** What comes before every path, such as `/api`, where a proxy leaves it there. @default nothing */
  readonly basePath?: string;
  /** Origins whose pages may use the API, such as `https://app.example.com`, or `*`. @default none */
  readonly corsOrigins?: readonly string[];
  /** `/metrics` answers without a credential; otherwise it takes one with `runtime:admin`. @default false */
  readonly metricsPublic?: boolean;
  /** Whether `/dashboard` is there. @default true */
  readonly dashboard?: boolean;
  /** Where idempotency keys and the secret of page tokens outlive the server. @default in memory: keys are not advertised */
  readonly store?: ServerStore;
  /** Takes a line for every request. @default nobody */
  readonly log?: Log;
  /** Silence after which streams send a comment and terminals a ping. @default 15_000 */
  readonly heartbeatMs?: number;
  /** How long a command may take none of the input that a request brings. @default 300_000 */
  readonly inputTimeoutMs?: number;
  /** How slow a client may be in sending archives. @default 256 bytes in 60 s */
  readonly pace?: Pace;
  /** The clock of credentials and limits. @default Date.now */
  readonly nowMs?: () => number;
}

/** A backend behind the REST API. */
export interface App {
  /** Answers a request; never rejects. */
  fetch(request: Request, upgrade?: UpgradeSlot): Promise<Response>;
  /** The same for who writes the answer himself, as {@link listen} does. */
  reply(request: Request, upgrade?: UpgradeSlot): Promise<Reply>;
  /** Takes an `upgrade` event of a Node server: a WebSocket terminal, or an HTTP refusal. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  /** Takes a `connect` event of a Node server: a tunnel into a box, or an HTTP refusal. */
  connect(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  /** From now on the server is not ready, and streams that never end by themselves are over. Twice is fine. */
  drain(): void;
}

/** Puts a backend behind the REST API of both generations with this project's additions. `InvalidArgumentError`. */
export function createApp(backend: RuntimeBackend, options: AppOptions): App {
  const draining = new AbortController();
  const basePath = checkedBasePath(options.basePath ?? '');
  const metrics = serverMetrics(backend);
  const origins = cors(options.corsOrigins ?? []);
  const log: Log = options.log ?? (() => {});
  const pace = options.pace ?? defaultPace;
  const heartbeatMs = options.heartbeatMs ?? 15_000;
  const auth = authenticator(options.auth, options.nowMs);
  const open = tickets(auth.isGood, options.nowMs);
  const watch: WatchPrincipal = (who, cut) => watchCredential(() => auth.isGood(who), heartbeatMs, cut);
  const tenants = tenantsOf(backend);
  const limits = limiter(options.limits ?? {}, options.nowMs);
  const answerSite = site({
    auth,
    metrics,
    ready: readiness(backend, draining.signal, options.nowMs),
    metricsPublic: options.metricsPublic ?? false,
    dashboard: options.dashboard === false ? undefined : dashboard(),
    basePath,
  });
  const onStreamError = (error: unknown, id: string): void => {
    log({ level: 'error', message: 'a stream ended with an error', requestId: id, error });
  };
  const store = options.store ?? openServerStore();
  const records = requestRecords(store.database, { nowMs: options.nowMs });
  const undo = (tenant: string, note: Note): Promise<void> => undoNoted(tenants.backend(tenant || undefined), note);
  const pages = pageTokens(store.secret('page tokens'));
  const routes: Routes = {
    ...publicRoutes(auth, store.durable),
    ...identityRoutes(auth.identity),
    ...apiKeyRoutes(auth.identity, options.nowMs ?? Date.now),
    ...boxRoutes({
      hostRoots: options.allowHostPaths ?? [],
      hostPorts: (options.allowHostPorts ?? []).map(parseHostPorts),
      pages,
    }),
    ...executionRoutes({
      heartbeatMs,
      inputTimeoutMs: options.inputTimeoutMs ?? 300_000,
      onStreamError,
      metrics,
      pages,
    }),
    ...terminalRoutes({ heartbeatMs, onStreamError }),
    ...attachRoutes({ heartbeatMs, onStreamError }),
    ...fileRoutes(pace),
    ...singleFileRoutes(pace),
    ...imageRoutes(pages, pace),
    ...networkRoutes(open, { heartbeatMs, watch }),
    ...metricsRoutes(),
    ...eventRoutes({ heartbeatMs, draining: draining.signal, onStreamError, metrics }),
    ...snapshotRoutes(),
    ...copyRoutes(pace),
    ...volumeRoutes(),
  };
  const route = router(onceEach(routes, { records, onError: onStreamError, undo }), {
    auth,
    tenants,
    limits,
    basePath,
    watch,
  });

  async function answered(request: Request, passage: Passage): Promise<[Reply, unknown?]> {
    try {
      checkEncoding(request.url);
      return [origins.preflight(request) ?? (await answerSite(request, passage)) ?? (await route(request, passage))];
    } catch (thrown) {
      const error = request.signal.aborted ? new HttpError(499, 'AbortedError', 'the client went away') : thrown;
      const answer = errorAnswer(error, passage.requestId);
      const { status, headers } = answer;
      // A HEAD has no body, and a length would be a promise of one.
      const reply = request.method === 'HEAD' ? empty(status, headers) : refusal(answer, passage.generation);
      return [reply, status >= 500 ? error : undefined];
    }
  }

  async function reply(request: Request, upgrade?: UpgradeSlot): Promise<Reply> {
    const startedMs = performance.now();
    const passage: Passage = {
      requestId: requestId(request.headers.get('x-request-id')),
      generation: generationOf(request.headers.get('authorization')),
      path: pathOf(request.url),
      upgrade,
    };
    const [answer, error] = await answered(request, passage);
    const { status, body } = answer;
    const durationMs = performance.now() - startedMs;
    const headers = { ...securityHeaders, ...answer.headers, 'x-request-id': passage.requestId };
    origins.permit(request, headers);
    firstByte(headers, durationMs);
    const { operation, path, principal } = passage;
    const entry: LogEntry = {
      level: levelOf(status, operation),
      message: 'request',
      requestId: passage.requestId,
      ...(operation !== undefined && { operation }),
      method: request.method,
      path: path.slice(0, 512),
      status,
      durationMs,
      ...(principal && { principal: principal.id }),
      ...(error !== undefined && { error }),
    };
    metrics.count(entry);
    log(entry);
    return { status, headers, body };
  }

  return {
    fetch: async (request, upgrade) => asResponse(await reply(request, upgrade)),
    reply,
    upgrade: upgrader(reply),
    connect: connector({ tenants, tickets: open, limits, log, watch }),
    drain() {
      draining.abort();
      metrics.close();
    },
  };
}

/** A base path without a slash at its end. */
function checkedBasePath(path: string): string {
  if (/^(?:\/[\w.~-]+)*\/?$/.test(path)) return path.replace(/\/$/, '');
  throw new InvalidArgumentError(`basePath must be such as /api; got ${JSON.stringify(path)}`);
}

/** What monitors ask all the time would fill the log. */
function levelOf(status: number, operation: string | undefined): LogEntry['level'] {
  if (status >= 500) return 'error';
  return operation === 'health' || operation === 'ready' || operation === 'metrics' ? 'debug' : 'info';
}

/** The path of an absolute URL, as it is spelled. */
function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('//') + 2);
  const end = url.slice(start).search(/[?#]/);
  return end === -1 ? url.slice(start) : url.slice(start, start + end);
}

/** Refuses a URL whose percent-encoding is no UTF-8: whatever it means, two readers would disagree. */
function checkEncoding(url: string): void {
  if (!url.includes('%')) return;
  try {
    decodeURIComponent(url);
  } catch {
    throw new HttpError(400, 'InvalidArgumentError', 'the URL has malformed percent-encoding');
  }
}
