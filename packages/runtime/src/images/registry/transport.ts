import { readFile } from 'node:fs/promises';
import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { type RequestOptions, Agent as SecureAgent, request as secureRequest } from 'node:https';
import { getCACertificates } from 'node:tls';
import { InvalidArgumentError } from 'boxlite/backend';
import { isPublicAddress } from './public-address.ts';
import { type Hop, type Reach, registryReach } from './reach.ts';

/** Sends a request and gives the response that is not a redirect. */
export type Transport = (request: Request) => Promise<Response>;

const redirects = new Set([301, 302, 303, 307, 308]);
const maxRedirects = 5;

export interface TransportOptions {
  /** How long a server may take to begin its answer, in milliseconds. @default 30,000 */
  readonly responseTimeoutMs?: number | undefined;
  /** A PEM file with certificates that are trusted beside the host's own. */
  readonly caFile?: string | undefined;
  /** Whether any certificate of `host` will do; those of others are checked. @default false */
  readonly skipVerify?: boolean | undefined;
  /** The registry's `host[:port]`. */
  readonly host?: string | undefined;
  /** Where connections may go. @default what the runtime's own user may ask for */
  readonly reach?: Reach | undefined;
}

/**
 * GET that gives up on a server that does not answer, and follows redirects itself: credentials never go along to
 * another origin, and https never becomes http. Not fetch, which takes no certificates of its own for one host.
 */
export function registryTransport(options: TransportOptions = {}): Transport {
  const { responseTimeoutMs = 30_000, caFile, host, reach = registryReach([]) } = options;
  // Of its own: a connection that another registry was allowed to make is not this one's to use.
  const kept = { keepAlive: true, scheduling: 'lifo', timeout: 5000 } as const;
  const agents = { plain: new PlainAgent(kept), secure: new SecureAgent(kept) };
  let authorities: Promise<string[]> | undefined;
  // Of the registry itself, for what it leads to by other ways than redirects.
  let wasPublic = false;

  async function security(url: URL): Promise<RequestOptions> {
    if (caFile !== undefined) authorities ??= readAuthorities(caFile);
    return {
      ...(authorities !== undefined && { ca: await authorities }),
      rejectUnauthorized: !(options.skipVerify === true && url.host === host),
    };
  }
  async function once(hop: Hop, headers: Headers, signal: AbortSignal): Promise<Answer> {
    const { url } = hop;
    const lookup = reach.lookup(hop);
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new Error(`no answer within ${responseTimeoutMs} ms`)),
      responseTimeoutMs,
    );
    const either = AbortSignal.any([signal, late.signal]);
    const how: RequestOptions = { headers: Object.fromEntries(headers), signal: either, lookup };
    try {
      const outgoing =
        url.protocol === 'https:'
          ? secureRequest(url, { ...how, ...(await security(url)), agent: agents.secure })
          : plainRequest(url, { ...how, agent: agents.plain });
      return await new Promise<Answer>((resolve, reject) => {
        outgoing.on('error', (error) => reject(either.aborted ? either.reason : error));
        outgoing.once('response', (incoming) => {
          const fromPublic = isPublicAddress(incoming.socket.remoteAddress ?? '');
          resolve({ response: asResponse(incoming), fromPublic });
        });
        outgoing.end();
      });
    } finally {
      clearTimeout(timer);
    }
  }
  return async (request) => {
    if (request.method !== 'GET') throw new TypeError(`not a read: ${request.method} ${request.url}`);
    request.signal.throwIfAborted();
    const headers = new Headers(request.headers);
    headers.set('user-agent', 'boxlite');
    // A digest is that of the bytes as they are stored.
    headers.set('accept-encoding', 'identity');
    let url = new URL(request.url);
    const registry = host ?? url.host;
    let ledByPublic = url.host === registry ? wasPublic || undefined : wasPublic;
    for (let followed = 0; ; followed++) {
      const { response, fromPublic } = await once({ url, registry, ledByPublic }, headers, request.signal);
      if (url.host === registry) wasPublic ||= fromPublic;
      ledByPublic = ledByPublic === true || fromPublic;
      const location = response.headers.get('location');
      if (!redirects.has(response.status) || location === null) return response;
      await response.body?.cancel();
      const next = new URL(location, url);
      if (followed === maxRedirects) throw new Error(`more than ${maxRedirects} redirects`);
      const downgrade = url.protocol === 'https:' && next.protocol !== 'https:';
      if (downgrade || !/^https?:$/.test(next.protocol)) throw new Error(`refused a redirect to ${next.origin}`);
      if (next.origin !== url.origin) headers.delete('authorization');
      next.hash = '';
      url = next;
    }
  };
}

interface Answer {
  readonly response: Response;
  /** Whether it came from a public address. */
  readonly fromPublic: boolean;
}

async function readAuthorities(file: string): Promise<string[]> {
  const own = await readFile(file, 'utf8').catch((error) => {
    throw new InvalidArgumentError(`imageRegistries: caFile ${file} cannot be read: ${error.message}`, {
      cause: error,
    });
  });
  if (!own.includes('-----BEGIN CERTIFICATE-----')) {
    throw new InvalidArgumentError(`imageRegistries: caFile ${file} has no certificate; write them in PEM`);
  }
  return [...getCACertificates('default'), own];
}

function asResponse(incoming: IncomingMessage): Response {
  const { statusCode = 0, headersDistinct } = incoming;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  const status = statusCode >= 200 && statusCode <= 599 ? statusCode : 502;
  const empty = status === 204 || status === 205 || status === 304;
  if (empty) incoming.resume();
  return new Response(empty ? null : bodyOf(incoming), { status, headers });
}

function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks: AsyncIterator<Uint8Array<ArrayBuffer>> = incoming.iterator();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => void incoming.destroy(),
  });
}
