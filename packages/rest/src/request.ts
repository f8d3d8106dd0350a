import type { Body } from './body.ts';

const bodies = new WeakMap<Request, Body | undefined>();

/** Makes a request, and remembers what its body was made from. */
export function makeRequest(
  url: URL | string,
  { method, headers, signal }: Pick<Request, 'method' | 'headers'> & { readonly signal?: AbortSignal | undefined },
  body: Body | undefined,
): Request {
  // Streams must say that they are sent before the response is read; it does no harm to others. Nothing with a
  // body follows a redirect: it would go to someone else.
  const redirect: RequestRedirect = body ? 'error' : 'follow';
  const init = { method, headers, signal: signal ?? null, body: body?.content() ?? null, duplex: 'half', redirect };
  const request = new Request(url, init);
  bodies.set(request, body);
  return request;
}

/** Whether the method only reads (RFC 9110, 9.2.1). */
export function isSafe({ method }: Pick<Request, 'method'>): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Whether the request can be sent a second time; one that was not made here can if it only reads. */
export function isReplayable(request: Request): boolean {
  return bodies.has(request) ? (bodies.get(request)?.replayable ?? true) : isSafe(request);
}

/** A replayable request once more, with a body made anew. */
export function again(request: Request): Request {
  return makeRequest(request.url, request, bodies.get(request));
}
