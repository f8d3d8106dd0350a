import { type OperationId, operations, type Scope } from '@boxlite/api';
import type { RuntimeBackend } from 'boxlite/backend';
import { type Context, Hono } from 'hono';
import type { Authenticator } from './auth/authenticator.ts';
import { type Principal, requireScope, requireTenant } from './auth/principal.ts';
import { HttpError } from './http/http-error.ts';
import type { Routes } from './routes/route.ts';
import type { UpgradeSlot } from './terminal/upgrade-slot.ts';

/** What goes with a request through the router. */
export interface Passage {
  readonly requestId: string;
  /** Of the URL. */
  readonly path: string;
  readonly upgrade: UpgradeSlot | undefined;
  /** Filled in by the router, for the log, as is what follows. */
  principal?: Principal;
  operation?: string;
}

interface Entry {
  readonly id: OperationId;
  readonly scope: Scope | null;
}

/** Answers a request, or throws what the envelope shall say. */
export type Router = (request: Request, passage: Passage) => Promise<Response>;

/**
 * Routes a request by the table of operations, and lets it in: 404 for a path that is in no operation, 405 with `Allow`
 * for another method, then the credential, the tenant and the scope.
 */
export function router(routes: Routes, auth: Authenticator, backend: RuntimeBackend): Router {
  const hono = new Hono<{ Bindings: Passage }>();

  async function answer(context: Context<{ Bindings: Passage }>, { id, scope }: Entry): Promise<Response> {
    const passage = context.env;
    const params = context.req.param();
    const request = context.req.raw;
    passage.operation = id;
    if (scope !== null) {
      const who = await auth.authenticate(request.headers.get('authorization'));
      passage.principal = who;
      requireTenant(who, params['prefix'] ?? '');
      requireScope(who, scope);
    }
    const { requestId, upgrade } = passage;
    return routes[id]({ request, params, requestId, backend, upgrade, principal: passage.principal?.id });
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
    throw new HttpError(404, 'NotFoundError', 'no such path; the API begins with /v1/{tenant}/');
  });
  hono.onError((error) => {
    throw error;
  });
  return async (request, passage) => hono.fetch(request, passage);
}

/** The operations of each path, in Hono's spelling: fixed paths come before patterns. */
function methodsByPath(): Map<string, Map<string, Entry>> {
  const paths = new Map<string, Map<string, Entry>>();
  const sorted = operations.toSorted((a, b) => a.path.split('{').length - b.path.split('{').length);
  for (const { path, method, operationId: id, scope } of sorted) {
    const spelled = path.replaceAll(/\{(\w+)\}/g, ':$1');
    const methods = paths.get(spelled) ?? new Map<string, Entry>();
    paths.set(spelled, methods.set(method, { id, scope }));
  }
  return paths;
}
