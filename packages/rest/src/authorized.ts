import { attached } from './abort.ts';
import { type Client, decorate } from './client.ts';
import { again, isReplayable } from './request.ts';
import { readText } from './status.ts';

/** A credential and how long it lasts. */
export interface Token {
  /** What goes into the `authorization` header after the scheme. */
  readonly value: string;
  /** When it expires, in milliseconds since 1970. @default never */
  readonly expiresAtMs?: number | undefined;
}

/** Gets a new token: for the first request, before expiry, and after a 401. Never called twice at once. */
export type TokenSource = () => Token | Promise<Token>;

/** Options of `authorized`. */
export interface AuthorizeOptions {
  /** How long before its expiry a token is renewed; at most half its life. @default 60,000 */
  readonly marginMs?: number | undefined;
  /** The scheme of the `authorization` header. @default 'Bearer' */
  readonly scheme?: string | undefined;
  /** The clock. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** Sends a token along. A 401 renews it, and sends the request once more if its body is replayable. */
export function authorized(
  client: Client,
  source: TokenSource,
  { marginMs = 60_000, scheme = 'Bearer', now = Date.now }: AuthorizeOptions = {},
): Client {
  let current: Token | undefined;
  let renewAtMs = 0;
  let pending: Promise<Token> | undefined;

  async function renew(): Promise<Token> {
    const askedMs = now();
    const token = await source();
    const expiresMs = token.expiresAtMs ?? Infinity;
    renewAtMs = expiresMs - Math.min(marginMs, (expiresMs - askedMs) / 2);
    current = token;
    return token;
  }

  async function token(): Promise<Token> {
    if (!pending && current && now() < renewAtMs) return current;
    // All who wait share one renewal, and its failure; the next to ask tries anew.
    pending ??= renew().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  async function send(request: Request, retry: boolean): Promise<Response> {
    const used = await attached(request.signal, token);
    request.headers.set('authorization', `${scheme} ${used.value}`);
    const response = await client.send(request);
    if (response.status !== 401) return response;
    // Others may have renewed it meanwhile.
    if (current === used) current = undefined;
    if (!retry) return response;
    await readText(response);
    return send(again(request), false);
  }

  return decorate(client, (request) => send(request, isReplayable(request)));
}
