import { type Operation, operations } from '@boxlite/api';
import type { Authenticator } from './auth/authenticator.ts';
import type { WatchPrincipal } from './auth/credential-watch.ts';
import { type Principal, requirePermission } from './auth/principal.ts';
import { meantTenant } from './auth/tenant.ts';
import type { Generation } from './http/generation.ts';
import { HttpError } from './http/http-error.ts';
import type { Reply } from './http/reply.ts';
import { heldReply } from './limits/held-reply.ts';
import type { Limiter } from './limits/limiter.ts';
import { pathTree } from './path-tree.ts';
import type { RestCall, Routes } from './routes/route.ts';
import type { Tenants } from './tenants.ts';
import type { UpgradeSlot } from './terminal/upgrade-slot.ts';

/** What goes with a request through the router. */
export interface Passage {
  readonly requestId: string;
  /** Of the URL. */
  readonly path: string;
  readonly upgrade: UpgradeSlot | undefined;
  generation: Generation;
  /** Filled in by the router, for the log, as is what follows. */
  principal?: Principal;
  operation?: string;
}

/** Answers a request, or throws what the envelope shall say. */
export type Router = (request: Request, passage: Passage) => Promise<Reply>;

/** What a router needs of the server. */
export interface RouterOptions {
  readonly auth: Authenticator;
  readonly tenants: Tenants;
  readonly limits: Limiter;
  /** What comes before every path, such as `/api`; empty for nothing. */
  readonly basePath: string;
  readonly watch: WatchPrincipal;
}

/** The operations of a path, by method. */
interface PathOperations {
  readonly methods: ReadonlyMap<string, Operation>;
  /** The methods as `Allow` has them. */
  readonly allow: string;
}

/**
 * Routes a request by the table of operations, and lets it in: 404 for a path that is in no operation, 405 with `Allow`
 * for another method, then the credential, its limits, the tenant and the scope.
 */
export function router(routes: Routes, { auth, tenants, limits, basePath, watch }: RouterOptions): Router {
  const find = pathTree(pathOperations(basePath));

  async function answer(
    request: Request,
    params: RestCall['params'],
    passage: Passage,
    operation: Operation,
  ): Promise<Reply> {
    const { requestId, upgrade } = passage;
    const { prefix } = params;
    const root = `${basePath}/v1${prefix === undefined ? '' : `/${encodeURIComponent(prefix)}`}`;
    // Only clients of generation 1 ask for tokens.
    if (operation.operationId === 'getToken') passage.generation = 1;
    passage.operation = operation.operationId;
    const { generation } = passage;
    const call = { request, params, requestId, upgrade, generation, root, prefix, tenants };
    if (!operation.credential) {
      const backend = tenants.backend(undefined);
      return routes[operation.operationId]({
        ...call,
        backend,
        tenant: undefined,
        who: undefined,
      });
    }
    const who = await auth.authenticate(request.headers.get('authorization'));
    passage.principal = who;
    const over = limits.enter(who.root);
    try {
      const tenant = meantTenant(who, prefix);
      const { scope, permission } = operation;
      if (permission !== null)
        requirePermission(who, permission, generation === 1 ? (scope ?? permission) : permission);
      const backend = tenants.backend(tenant);
      const reply = await routes[operation.operationId]({ ...call, backend, tenant, who });
      return heldReply(reply, upgrade, { over, watch: (cut) => watch(who, cut) });
    } catch (error) {
      over();
      throw error;
    }
  }

  return async (request, passage) => {
    const found = find(passage.path);
    if (!found) throw new HttpError(404, 'NotFoundError', `no such path; the API begins with ${basePath}/v1/`);
    const { method } = request;
    const { methods, allow } = found.value;
    const operation = methods.get(method);
    if (operation) return answer(request, found.params, passage, operation);
    throw new HttpError(405, 'UnsupportedError', `${method} is not possible here; ${allow} is`, { allow });
  };
}

/** The operations of each path. Those of a tenant have two: with its segment, and without. */
function* pathOperations(basePath: string): Generator<readonly [path: string, PathOperations]> {
  const paths = new Map<string, Map<string, Operation>>();
  for (const operation of operations) {
    for (const path of new Set([operation.path.replace('/{prefix}', ''), operation.path])) {
      const methods = paths.get(path) ?? new Map<string, Operation>();
      paths.set(path, methods.set(operation.method, operation));
    }
  }
  for (const [path, methods] of paths) {
    yield [`${basePath}${path}`, { methods, allow: [...methods.keys()].sort().join(', ') }];
  }
}
