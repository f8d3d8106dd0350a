import type { Endpoint } from './endpoint.ts';
import { TransportError } from './errors.ts';

/** The whole transport seam: where the service is, and how to send one request. */
export interface Client {
  /** Where an endpoint is, without its parameters. */
  resolve(endpoint: Endpoint): URL;
  /** Sends one request; rejects with a TransportError when there is no response, with the signal's reason on abort. */
  send(request: Request): Promise<Response>;
  /** Most characters of an answer that is read as JSON, a TransportError for more: `{ ...client, maxJsonLength: 1e6 }`. @default 2 ** 26 */
  readonly maxJsonLength?: number | undefined;
}

/** Options of `fetchClient`. */
export interface FetchClientOptions {
  /** The API root, with or without a slash at its end; endpoints of another base hang off its origin. */
  readonly baseUrl: string | URL;
  /** Any fetch-shaped function: undici over a unix socket, an app in process. @default global fetch */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
}

// Without `window: null` on a request that refuses redirects, fetch keeps a copy of every body for a second try
// (Fetch, HTTP-network-or-cache fetch, step 8.1): for a stream that is the whole upload in memory.
const lean = (request: Request): Promise<Response> => fetch(request, { window: null });

/** A client over fetch. `resolve` throws a TypeError for an endpoint whose path leaves its root. */
export function fetchClient({ baseUrl, fetch: send = lean }: FetchClientOptions): Client {
  // Parsed once: a request costs one more URL, not three.
  const root = (to: string | URL): string => new URL(to, baseUrl).href.replace(/\/*([?#].*)?$/, '/');
  const api = root(baseUrl);
  const origin = root('/');
  return {
    resolve({ path, base = 'api' }) {
      const from = base === 'api' ? api : origin;
      const url = new URL(from + path.replace(/^\/+/, ''));
      if (!url.href.startsWith(from)) throw new TypeError(`${path} leaves ${from}`);
      return url;
    },
    async send(request) {
      try {
        return await send(request);
      } catch (cause) {
        request.signal.throwIfAborted();
        throw new TransportError(`${request.method} ${request.url.split('?')[0]} got no response: ${spell(cause)}`, {
          cause,
        });
      }
    },
  };
}

/** The same client with another way to send. */
export function decorate(client: Client, send: Client['send']): Client {
  return { resolve: (endpoint) => client.resolve(endpoint), send, maxJsonLength: client.maxJsonLength };
}

/** fetch says only "fetch failed"; its cause says what happened. */
function spell(error: unknown): string {
  const { cause } = Object(error);
  return cause ? spell(cause) : String(error);
}
