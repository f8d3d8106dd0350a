import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { InvalidArgumentError, type RuntimeBackend } from 'boxlite/backend';
import { type AuthOptions, authenticator } from './auth/authenticator.ts';
import { errorAnswer } from './http/error-answer.ts';
import { generationOf } from './http/generation.ts';
import { HttpError } from './http/http-error.ts';
import { requestId } from './http/request-id.ts';
import { refusal } from './http/respond.ts';
import { onceEach } from './idempotency/once-each.ts';
import { requestRecords } from './idempotency/records.ts';
import { type LimitOptions, limiter } from './limits/limiter.ts';
import type { Log } from './log.ts';
import { connector } from './node/connect.ts';
import { upgrader } from './node/upgrade.ts';
import { pageTokens } from './paging/page-tokens.ts';
import { type Passage, router } from './router.ts';
import { apiKeyRoutes } from './routes/api-keys.ts';
import { boxRoutes } from './routes/boxes.ts';
import { copyRoutes } from './routes/copies.ts';
import { executionRoutes } from './routes/executions.ts';
import { fileRoutes } from './routes/files.ts';
import { parseHostPorts } from './routes/host-ports.ts';
import { identityRoutes } from './routes/identity.ts';
import { imageRoutes } from './routes/images.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { networkRoutes } from './routes/network.ts';
import { publicRoutes } from './routes/public.ts';
import type { Routes } from './routes/route.ts';
import { snapshotRoutes } from './routes/snapshots.ts';
import { terminalRoutes } from './routes/terminal.ts';
import { volumeRoutes } from './routes/volumes.ts';
import { openServerStore, type ServerStore } from './store/server-store.ts';
import { tenantsOf } from './tenants.ts';
import type { UpgradeSlot } from './terminal/upgrade-slot.ts';
import { tickets } from './tunnel/tickets.ts';

/** Options of {@link createApp}. */
export interface AppOptions {
  readonly auth: AuthOptions;
  /** Host directories that volumes and root file systems may come from. @default none: 403 */
  readonly allowHostPaths?: readonly string[];
  /** Ports of the host that boxes may be published on, `[IP:]PORT[-PORT]`; 0 is any free one. @default none: 403 */
  readonly allowHostPorts?: readonly string[];
  /** What one principal may ask for. */
  readonly limits?: LimitOptions;
  /** What comes before every path, such as `/api`, where a proxy leaves it there. @default nothing */
  readonly basePath?: string;
  /** Where idempotency keys and the secret of page tokens outlive the server. @default in memory: keys are not advertised */
  readonly store?: ServerStore;
  readonly log?: Log;
  /** Silence after which streams send a comment and terminals a ping. @default 15_000 */
  readonly heartbeatMs?: number;
  /** How long a command may take none of the input that a request brings. @default 300_000 */
  readonly inputTimeoutMs?: number;
  /** The clock of credentials and limits. @default Date.now */
  readonly nowMs?: () => number;
}

/** A backend behind the REST API. */
export interface App {
  /** Answers a request; never rejects. */
  fetch(request: Request, upgrade?: UpgradeSlot): Promise<Response>;
  /** Takes an `upgrade` event of a Node server: a WebSocket terminal, or an HTTP refusal. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  /** Takes a `connect` event of a Node server: a tunnel into a box, or an HTTP refusal. */
  connect(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
}

/** Puts a backend behind the REST API of both generations with this project's additions. `InvalidArgumentError`. */
export function createApp(backend: RuntimeBackend, options: AppOptions): App {
  const log: Log = options.log ?? (() => {});
  const heartbeatMs = options.heartbeatMs ?? 15_000;
  const open = tickets(options.nowMs);
  const auth = authenticator(options.auth, options.nowMs);
  const tenants = tenantsOf(backend);
  const limits = limiter(options.limits ?? {}, options.nowMs);
  const onStreamError = (error: unknown, id: string): void => {
    log({ level: 'error', message: 'a stream ended with an error', requestId: id, error });
  };
  const store = options.store ?? openServerStore();
  const records = requestRecords(store.database, { nowMs: options.nowMs });
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
    ...executionRoutes({ heartbeatMs, inputTimeoutMs: options.inputTimeoutMs ?? 300_000, onStreamError }),
    ...terminalRoutes({ heartbeatMs, onStreamError }),
    ...fileRoutes(),
    ...imageRoutes(pages),
    ...networkRoutes(open, { heartbeatMs }),
    ...metricsRoutes(),
    ...snapshotRoutes(),
    ...copyRoutes(),
    ...volumeRoutes(),
  };
  const basePath = checkedBasePath(options.basePath ?? '');
  const route = router(onceEach(routes, { records, onError: onStreamError }), { auth, tenants, limits, basePath });

  async function answered(request: Request, passage: Passage): Promise<[Response, unknown?]> {
    try {
      checkEncoding(request.url);
      return [await route(request, passage)];
    } catch (thrown) {
      const error = request.signal.aborted ? new HttpError(499, 'AbortedError', 'the client went away') : thrown;
      const answer = errorAnswer(error, passage.requestId);
      const { status, headers } = answer;
      // A HEAD has no body, and a length would be a promise of one.
      const response =
        request.method === 'HEAD' ? new Response(null, { status, headers }) : refusal(answer, passage.generation);
      return [response, status >= 500 ? error : undefined];
    }
  }

  async function fetch(request: Request, upgrade?: UpgradeSlot): Promise<Response> {
    const startedMs = performance.now();
    const passage: Passage = {
      requestId: requestId(request.headers.get('x-request-id')),
      generation: generationOf(request.headers.get('authorization')),
      upgrade,
    };
    const [response, error] = await answered(request, passage);
    response.headers.set('x-request-id', passage.requestId);
    const { status } = response;
    log({
      level: status >= 500 ? 'error' : 'info',
      message: 'request',
      requestId: passage.requestId,
      method: request.method,
      path: new URL(request.url).pathname,
      status,
      durationMs: performance.now() - startedMs,
      ...(passage.principal && { principal: passage.principal.id }),
      ...(error !== undefined && { error }),
    });
    return response;
  }

  return { fetch, upgrade: upgrader(fetch), connect: connector(tenants, open, limits, log) };
}

/** A base path without a slash at its end. */
function checkedBasePath(path: string): string {
  if (/^(?:\/[\w.~-]+)*\/?$/.test(path)) return path.replace(/\/$/, '');
  throw new InvalidArgumentError(`basePath must be such as /api; got ${JSON.stringify(path)}`);
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
