import { type Client, fetchClient, type Method, type QueryParams } from '../index.ts';
import { appendParams } from '../params.ts';
import { difference } from './difference.ts';

/** One request that must come, and its answer. */
export interface Expectation {
  /** @default 'GET' */
  readonly method?: Method;
  /** The escaped path below the base URL, or from the root of the host when `base` is 'instance'. */
  readonly path: string;
  /** @default 'api' */
  readonly base?: 'api' | 'instance';
  /** All parameters, in any order; a list is a repeated key. @default none */
  readonly params?: QueryParams;
  /** Headers that must be there with these values; null for one that must not be. Others are not looked at. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** A JSON value, or a string or bytes for the exact content. @default no body */
  readonly body?: unknown;
  /** What to answer; an Error is thrown as the transport's failure. @default 204 */
  readonly answer?: Response | Error | ((request: Request) => Response | Promise<Response>);
}

/** A client that fails on any difference, and when disposed on differences that were caught and on requests not made. */
export interface ExpectingClient extends Client, AsyncDisposable, Disposable {
  /** Throws unless every expectation was met. */
  verify(): void;
}

/** Options of `expecting`. */
export interface ExpectingOptions {
  /** @default 'https://api.invalid/v1' */
  readonly baseUrl?: string;
}

/** A mock client: answers the expected requests, in order, without a network. */
export function expecting(expectations: readonly Expectation[], options: ExpectingOptions = {}): ExpectingClient {
  const { resolve } = fetchClient({ baseUrl: options.baseUrl ?? 'https://api.invalid/v1' });
  const left = [...expectations];
  const failures: Error[] = [];

  function fail(message: string): never {
    const error = new Error(message);
    failures.push(error);
    throw error;
  }

  function verify(): void {
    const [first] = failures;
    if (first) throw first;
    const missing = left.map(({ method = 'GET', path }) => `${method} ${path}`);
    if (missing.length > 0) throw new Error(`never asked: ${missing.join(', ')}`);
  }

  return {
    resolve,
    async send(request) {
      request.signal.throwIfAborted();
      const expected = left.shift();
      if (!expected) return fail(`unexpected ${request.method} ${request.url}: nothing more was expected`);
      const { method = 'GET', path, base, params, answer = new Response(null, { status: 204 }) } = expected;
      const url = resolve({ method: 'GET', path, base });
      appendParams(url.searchParams, params);
      const found = await difference(request, { method, url, headers: expected.headers ?? {}, body: expected.body });
      if (found) return fail(`${method} ${path} differs: ${found}`);
      if (answer instanceof Error) throw answer;
      return typeof answer === 'function' ? answer(request) : answer;
    },
    verify,
    [Symbol.dispose]: verify,
    [Symbol.asyncDispose]: async () => verify(),
  };
}
