import { type Operation, operations } from '@boxlite/api';
import { type Context, Hono } from 'hono';
import { getPath } from 'hono/utils/url';
import type { Authenticator } from './auth/authenticator.ts';
import { watchCredential } from './auth/credential-watch.ts';
import { type Principal, requirePermission } from './auth/principal.ts';
import { meantTenant } from './auth/tenant.ts';
import type { Generation } from './http/generation.ts';
import { HttpError } from './http/http-error.ts';
import { heldResponse } from './limits/held-response.ts';
import type { Limiter } from './limits/limiter.ts';
import type { Routes } from './routes/route.ts';
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
export type Router = (request: Request, passage: Passage) => Promise<Response>;

/** What a router needs of the server. */
export interface RouterOptions {
  readonly auth: Authenticator;
  readonly tenants: Tenants;
  readonly limits: Limiter;
  /** What comes before every path, such as `/api`; empty for nothing. */
  readonly basePath: string;
  /** How often is looked whether the credential of an open stream is still good. */
  readonly heartbeatMs: number;
}

type Env = { readonly Bindings: Passage };

/**
 * Routes a request by the table of operations, and lets it in: 404 for a path that is in no operation, 405 with `Allow`
 * for another method, then the credential, its limits, the tenant and the scope.
 */
export function router(routes: Routes, { auth, tenants, limits, basePath, heartbeatMs }: RouterOptions): Router {
  const hono = new Hono<Env>({
    getPath(request) {
      const path = getPath(request);
      return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : '';
    },
  });

  async function answer(context: Context<Env>, operation: Operation): Promise<Response> {
    const passage = context.env;
    const params = context.req.param();
    const request = context.req.raw;
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
        principal: undefined,
      });
    }
    const who = await auth.authenticate(request.headers.get('authorization'));
    passage.principal = who;
    const over = limits.enter(who.id);
    try {
      const tenant = meantTenant(who, prefix);
      const { scope, permission } = operation;
      if (permission !== null)
        requirePermission(who, permission, generation === 1 ? (scope ?? permission) : permission);
      const backend = tenants.backend(tenant);
      const response = await routes[operation.operationId]({ ...call, backend, tenant, who, principal: who.id });
      const watch = (cut: () => void): (() => void) => watchCredential(() => auth.isGood(who), heartbeatMs, cut);
      return heldResponse(response, upgrade, { over, watch });
    } catch (error) {
      over();
      throw error;
    }
  }

  for (const [path, methods] of methodsByPath()) {
    const allow = [...methods.keys()].sort().join(', ');
    hono.all(path, (context) => {
      // Hono routes HEAD as GET; the method of the request itself tells.
      const entry = methods.get(context.req.method);
      if (entry) return answer(context, entry);
      const { method } = context.req;
      throw new HttpError(405, 'UnsupportedError', `${method} is not possible here; ${allow} is`, { allow });
    });
  }
  hono.notFound(() => {
    throw new HttpError(404, 'NotFoundError', `no such path; the API begins with ${basePath}/v1/`);
  });
  hono.onError((error) => {
    throw error;
  });
  return async (request, passage) => hono.fetch(request, passage);
}

/**
 * The operations of each path, in Hono's spelling. Those of a tenant have two: with its segment, and without, which wins
 * where both fit, as no tenant is called like what follows. Fixed paths come before patterns.
 */
function methodsByPath(): Map<string, Map<string, Operation>> {
  const paths = new Map<string, Map<string, Operation>>();
  const holes = (path: string): number => path.split('{').length;
  const spellings = operations.flatMap((operation) =>
    operation.path.includes('/{prefix}')
      ? [
          { operation, path: operation.path.replace('/{prefix}', ''), named: 0 },
          { operation, path: operation.path, named: 1 },
        ]
      : [{ operation, path: operation.path, named: 0 }],
  );
  for (const { operation, path } of spellings.toSorted((a, b) => a.named - b.named || holes(a.path) - holes(b.path))) {
    const spelled = path.replaceAll(/\{(\w+)\}/g, ':$1');
    const methods = paths.get(spelled) ?? new Map<string, Operation>();
    paths.set(spelled, methods.set(operation.method, operation));
  }
  return paths;
}
