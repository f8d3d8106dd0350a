import { type Client, fetchClient, type Pagination } from '../index.ts';

/** Options of `serving`. */
export interface ServingOptions {
  /** Most items of a page, whatever is asked. @default 1000 */
  readonly maxPageSize?: number;
  /** Whether numbered pages come with `Link` headers. @default true */
  readonly links?: boolean;
  /** @default 'https://api.invalid/v1' */
  readonly baseUrl?: string;
}

/** A mock client that serves a list, and remembers what it was asked. */
export interface ServingClient extends Client {
  /** Path and parameters of each request so far. */
  readonly asked: readonly string[];
}

/** Serves an array on every path, cut into pages in the way that an endpoint's `pagination` says. */
export function serving(
  items: readonly unknown[],
  pagination: Pagination,
  options: ServingOptions = {},
): ServingClient {
  const { maxPageSize = 1000, links = true, baseUrl = 'https://api.invalid/v1' } = options;
  const asked: string[] = [];

  function serve(request: Request): Response {
    request.signal.throwIfAborted();
    const url = new URL(request.url);
    asked.push(url.pathname + url.search);
    const { mode, sizeParam = mode === 'token' ? 'pageSize' : 'per_page' } = pagination;
    const size = Math.min(Number(url.searchParams.get(sizeParam) ?? 20), maxPageSize);
    const cursor = cursorParam(pagination);
    const position = Number(url.searchParams.get(cursor) ?? (mode === 'page' ? 1 : 0));
    const start = mode === 'page' ? (position - 1) * size : position;
    const list = items.slice(start, start + size);
    const next = start + size < items.length ? String(mode === 'page' ? position + 1 : start + size) : undefined;
    const body = pagination.items === undefined ? list : nest(pagination.items, list);
    if (pagination.mode === 'token') {
      const token = nest(pagination.nextToken ?? 'next_page_token', next ?? null);
      return Response.json(merge(body, token));
    }
    const headers = new Headers();
    if (next !== undefined && (links || mode === 'keyset')) {
      url.searchParams.set(cursor, next);
      headers.set('link', `<${url}>; rel="next"`);
    }
    return Response.json(body, { headers });
  }

  return { ...fetchClient({ baseUrl, fetch: async (request) => serve(request) }), asked };
}

function cursorParam(pagination: Pagination): string {
  if (pagination.mode === 'token') return pagination.tokenParam ?? 'pageToken';
  return pagination.mode === 'page' ? (pagination.pageParam ?? 'page') : 'cursor';
}

/** `nest('a.b', 1)` is `{ a: { b: 1 } }`. */
function nest(place: string, value: unknown): Record<string, unknown> {
  const [key = '', ...rest] = place.split('.');
  return { [key]: rest.length > 0 ? nest(rest.join('.'), value) : value };
}

function merge(one: unknown, other: unknown): unknown {
  if (!isRecord(one) || !isRecord(other)) return one;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries(
    [...keys].map((key) => [key, key in one && key in other ? merge(one[key], other[key]) : (one[key] ?? other[key])]),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
