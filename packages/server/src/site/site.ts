import type { Authenticator } from '../auth/authenticator.ts';
import { requirePermission } from '../auth/principal.ts';
import { HttpError } from '../http/http-error.ts';
import type { Reply } from '../http/reply.ts';
import { empty, json, text } from '../http/respond.ts';
import type { Passage } from '../router.ts';
import type { Dashboard } from './dashboard.ts';
import { metricsType, type ServerMetrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';
import { openapiDocument, type ReferencePage, referencePage } from './reference-page.ts';

/** What a server says of itself, beside the API. */
export interface SiteOptions {
  readonly auth: Authenticator;
  readonly ready: Readiness;
  readonly metrics: ServerMetrics;
  /** Whether `/metrics` answers without a credential; otherwise it takes one with `runtime:admin`. */
  readonly metricsPublic: boolean;
  /** Undefined where it is switched off. */
  readonly dashboard: Dashboard | undefined;
  /** They are below it as well as at the root, where monitors look for them. */
  readonly basePath: string;
}

/** Answers what belongs to no operation; undefined for any other path. */
export type Site = (request: Request, passage: Passage) => Promise<Reply | undefined>;

type Page = (request: Request, passage: Passage) => Promise<Reply>;

const keptShortly = 'public, max-age=300';

/** `/health`, `/ready`, `/metrics`, `/docs`, `/openapi.yaml`, and `/dashboard` with what is below it. */
export function site({ auth, ready, metrics, metricsPublic, dashboard, basePath }: SiteOptions): Site {
  let reference: Promise<ReferencePage> | undefined;
  const pages: Readonly<Record<string, Page>> = {
    health: async () => json(200, { status: 'alive' }),
    async ready() {
      try {
        await ready();
      } catch (error) {
        // Whoever asks has no credential: the log has the cause.
        throw new HttpError(503, 'EngineError', 'the server cannot serve now; its log says why', {}, { cause: error });
      }
      return json(200, { status: 'ready' });
    },
    async metrics(request, passage) {
      if (!metricsPublic) {
        const who = await auth.authenticate(request.headers.get('authorization'));
        passage.principal = who;
        requirePermission(who, 'runtime:read', 'runtime:admin');
        // They are of every tenant together.
        if (who.tenants !== undefined)
          throw new HttpError(403, 'PermissionError', 'the metrics of a server are for credentials of all its tenants');
      }
      return text(200, await metrics.text(), { 'content-type': metricsType });
    },
    async docs() {
      reference ??= referencePage();
      reference.catch(() => {
        reference = undefined;
      });
      const { html, policy } = await reference;
      return text(200, html, {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': keptShortly,
        'content-security-policy': policy,
      });
    },
    'openapi.yaml': async () =>
      text(200, await openapiDocument(), {
        'content-type': 'application/yaml',
        'cache-control': keptShortly,
      }),
  };
  const lead: Page = async () => empty(308, { location: `${basePath}/dashboard/`, 'cache-control': 'no-cache' });
  return async (request, passage) => {
    const { path } = passage;
    const isBelow = path.startsWith(`${basePath}/`);
    const name = path.slice(isBelow ? basePath.length + 1 : 1);
    const named = Object.hasOwn(pages, name) ? pages[name] : undefined;
    // The API is below the base path alone, and the page asks for it beside itself.
    const page = named ?? (isBelow ? dashboard?.(name) : dashboard && /^dashboard\/?$/.test(name) ? lead : undefined);
    if (!page) return undefined;
    passage.operation = named ? name : 'dashboard';
    if (request.method === 'GET') return page(request, passage);
    if (request.method !== 'HEAD') {
      throw new HttpError(405, 'UnsupportedError', `${request.method} is not possible here; GET, HEAD is`, {
        allow: 'GET, HEAD',
      });
    }
    const { status, headers } = await page(request, passage);
    return empty(status, headers);
  };
}
