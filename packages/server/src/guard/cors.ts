import { InvalidArgumentError } from 'boxlite/backend';
import type { Reply } from '../http/reply.ts';
import { empty } from '../http/respond.ts';

/** What pages of other origins may do: nothing, unless their origin is configured. */
export interface Cors {
  /** The answer to a preflight of a configured origin; undefined for any other request. */
  preflight(request: Request): Reply | undefined;
  /** Lets a page of a configured origin read the answer. */
  permit(request: Request, headers: Record<string, string>): void;
}

const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const requestHeaders = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'Last-Event-ID',
  'Range',
  'X-Boxlite-Output',
  'X-Close-Stdin',
  'X-Request-Id',
].join(', ');
const readable = [
  'Accept-Ranges',
  'Content-Range',
  'Idempotent-Replay',
  'Location',
  'Retry-After',
  'Server-Timing',
  'WWW-Authenticate',
  'X-Request-Id',
].join(', ');

/** Reads `https://app.example.com`, with a port where it is not the scheme's own, or `*`. `InvalidArgumentError`. */
export function cors(origins: readonly string[]): Cors {
  const allowed = new Set(origins.map(checkedOrigin));
  const answerTo = (request: Request): string | undefined => {
    if (allowed.size === 0) return undefined;
    const origin = request.headers.get('origin');
    if (origin === null) return undefined;
    return allowed.has('*') ? '*' : allowed.has(origin) ? origin : undefined;
  };
  return {
    preflight(request) {
      if (request.method !== 'OPTIONS' || !request.headers.has('access-control-request-method')) return undefined;
      if (answerTo(request) === undefined) return undefined;
      const headers = {
        'access-control-allow-methods': methods,
        'access-control-allow-headers': requestHeaders,
        'access-control-max-age': '600',
      };
      return empty(204, headers);
    },
    permit(request, headers) {
      if (allowed.size === 0) return;
      if (!allowed.has('*')) headers['vary'] = ['origin', headers['vary'] ?? []].flat().join(', ');
      const origin = answerTo(request);
      if (origin === undefined) return;
      headers['access-control-allow-origin'] = origin;
      headers['access-control-expose-headers'] = readable;
    },
  };
}

function checkedOrigin(text: string): string {
  if (text === '*') return text;
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && url.origin === text) return text;
  throw new InvalidArgumentError(
    `a CORS origin must be scheme and host, such as https://app.example.com, or *; got ${JSON.stringify(text)}`,
  );
}
