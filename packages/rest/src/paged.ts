import type { StandardSchemaV1 } from '@standard-schema/spec';
import { attached } from './abort.ts';
import type { Client } from './client.ts';
import type { Pageable } from './endpoint.ts';
import { mismatch } from './errors.ts';
import { endpointUrl, exchange, parse, readJson } from './exchange.ts';
import { parseLinks } from './link.ts';
import type { Query, SendOptions } from './query.ts';

/** Options of `paged`. */
export interface PagedOptions {
  /** Stop after this many items, exactly. @default all */
  readonly limit?: number | undefined;
  /** Items asked for at a time; the server may give fewer. @default 100, or `limit` if that is less */
  readonly pageSize?: number | undefined;
}

/** A list that comes in pages: iterate over `items`, or `send` to collect them all. */
export interface Paged<out T> extends Query<T[]> {
  /** Asks for a page when the loop needs it; leaving the loop asks for nothing more. */
  items(client: Client, options?: SendOptions): AsyncGenerator<T, void, undefined>;
}

/** Walks a list page by page, in the way that the endpoint says, and checks each item with the caller's schema. */
export function paged(endpoint: Pageable, item?: undefined, options?: PagedOptions): Paged<unknown>;
export function paged<S extends StandardSchemaV1>(
  endpoint: Pageable,
  item: S,
  options?: PagedOptions,
): Paged<StandardSchemaV1.InferOutput<S>>;
export function paged(
  endpoint: Pageable,
  item?: StandardSchemaV1,
  { limit = Infinity, pageSize = Math.max(1, Math.min(limit, 100)) }: PagedOptions = {},
): Paged<unknown> {
  if (!(limit >= 0 && pageSize >= 1 && Number.isInteger(pageSize))) {
    throw new RangeError(`out of range: limit ${limit}, pageSize ${pageSize}`);
  }

  async function* items(client: Client, { signal }: SendOptions = {}): AsyncGenerator<unknown, void, undefined> {
    const { pagination } = endpoint;
    const { mode, sizeParam = mode === 'token' ? 'pageSize' : 'per_page' } = pagination;
    let url: URL | undefined = endpointUrl(client, endpoint);
    url.searchParams.set(sizeParam, `${pageSize}`);
    let page = 1;
    let linked = false;
    for (let left = limit; url && left; ) {
      const from: URL = url;
      if (mode === 'page' && !linked) from.searchParams.set(pagination.pageParam ?? 'page', `${page++}`);
      const [links, body] = await attached(signal, async (own) => {
        const response = await exchange(client, endpoint, own, from);
        return [parseLinks(response.headers.get('link')), await readJson(client, response)] as const;
      });
      const list = dig(body, pagination.items);
      if (!Array.isArray(list)) throw mismatch(`not a list: ${pagination.items ?? 'the page'}`);
      for (const value of list.slice(0, left)) {
        signal?.throwIfAborted();
        yield await parse(item, value);
      }
      left -= list.length;
      if (left <= 0) return;

      const next = links.get('next');
      if (mode === 'token') {
        const token = dig(body, pagination.nextToken ?? 'next_page_token') ?? '';
        url = new URL(from);
        url.searchParams.set(pagination.tokenParam ?? 'pageToken', String(token));
        if (token === '') url = undefined;
      } else if (next !== undefined) {
        linked = true;
        url = sameOrigin(next, from);
      } else if (mode === 'keyset' || linked || links.has('first') || links.has('prev')) {
        // A server that links, and now gives no next, has said that this is the last page.
        url = undefined;
      } else if (list.length < (pagination.until === 'empty' ? 1 : pageSize)) {
        url = undefined;
      }
      if (url !== from && url?.href === from.href) throw mismatch('the same page again');
    }
  }

  return {
    items,
    send: (client, options) => Array.fromAsync(items(client, options)),
  };
}

/** A next page may be anywhere in the service, never on another origin: the token would go along. */
function sameOrigin(link: string, from: URL): URL {
  const url = URL.parse(link, from);
  if (url?.origin !== from.origin) throw mismatch(`a page on another origin: ${link}`);
  return url;
}

/** The value at a dotted place; the value itself without a place. */
function dig(value: unknown, place: string | undefined): unknown {
  return (place?.split('.') ?? []).reduce<unknown>(
    (inner, key) => (Object(inner) as Record<string, unknown>)[key],
    value,
  );
}
