/** Sends a request and gives the response that is not a redirect. */
export type Transport = (request: Request) => Promise<Response>;

const redirects = new Set([301, 302, 303, 307, 308]);
const maxRedirects = 5;

export interface TransportOptions {
  /** How long a server may take to begin its answer, in milliseconds. @default 30,000 */
  readonly responseTimeoutMs?: number | undefined;
}

/**
 * fetch that gives up on a server that does not answer, and follows redirects itself: credentials never go along to
 * another origin, and https never becomes http.
 */
export function registryTransport({ responseTimeoutMs = 30_000 }: TransportOptions = {}): Transport {
  async function once(url: string, headers: Headers, signal: AbortSignal): Promise<Response> {
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new Error(`no answer within ${responseTimeoutMs} ms`)),
      responseTimeoutMs,
    );
    try {
      return await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.any([signal, late.signal]) });
    } finally {
      clearTimeout(timer);
    }
  }
  return async (request) => {
    if (request.method !== 'GET') throw new TypeError(`not a read: ${request.method} ${request.url}`);
    const headers = new Headers(request.headers);
    headers.set('user-agent', 'boxlite');
    let url = request.url;
    for (let followed = 0; ; followed++) {
      const response = await once(url, headers, request.signal);
      const location = response.headers.get('location');
      if (!redirects.has(response.status) || location === null) return response;
      await response.body?.cancel();
      const next = new URL(location, url);
      if (followed === maxRedirects) throw new Error(`more than ${maxRedirects} redirects`);
      const downgrade = url.startsWith('https:') && next.protocol !== 'https:';
      if (downgrade || !/^https?:$/.test(next.protocol)) throw new Error(`refused a redirect to ${next.origin}`);
      if (next.origin !== new URL(url).origin) headers.delete('authorization');
      next.hash = '';
      url = next.href;
    }
  };
}
