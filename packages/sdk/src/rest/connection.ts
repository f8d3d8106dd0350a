import {
  authorized,
  type Client,
  type Endpoint,
  fetchClient,
  ignore,
  type Query,
  type RetryOptions,
  retrying,
} from '@boxlite/rest';
import type { CallOptions } from '../backend/backend.ts';
import type { AccessToken, Credential } from './credential.ts';
import { type BoxliteRestOptions, roots } from './options.ts';
import { restError } from './rest-error.ts';

/** A server as the REST backend sees it: queries go in, results or errors of the SDK come out. */
export interface Connection {
  readonly client: Client;
  readonly idleTimeoutMs: number;
  readonly retries: RetryOptions;
  send<T>(request: Query<T>, call?: CallOptions): Promise<T>;
  /** Sends an endpoint whose answer has no content. */
  ignore(endpoint: Endpoint, call?: CallOptions): Promise<void>;
  /** Turns what a stream threw into an error of the SDK. */
  failure(error: unknown): unknown;
}

/** Opens nothing: a connection is made by the first request. */
export function connect(options: BoxliteRestOptions): Connection {
  const { origin, instance, tenant } = roots(options);
  const { retries = {}, idleTimeoutMs = 60_000 } = options;
  const boxes = fetchClient({ baseUrl: tenant, fetch: options.fetch });
  const elsewhere = { origin: fetchClient({ baseUrl: origin }), instance: fetchClient({ baseUrl: instance }) };
  const resolve: Client['resolve'] = (endpoint) => {
    const { base = 'api' } = endpoint;
    return base === 'api' ? boxes.resolve(endpoint) : elsewhere[base].resolve({ ...endpoint, base: 'api' });
  };
  const plain = retrying({ resolve, send: (request) => boxes.send(request) }, retries);
  const client = options.credential === undefined ? plain : withCredential(plain, options.credential);
  const failure = (error: unknown): unknown => restError(error, instance.href);
  const send = async <T>(request: Query<T>, call: CallOptions = {}): Promise<T> => {
    try {
      return await request.send(client, { signal: call.signal });
    } catch (error) {
      throw failure(error);
    }
  };
  return { client, idleTimeoutMs, retries, send, failure, ignore: (endpoint, call) => send(ignore(endpoint), call) };
}

function withCredential(plain: Client, credential: Credential): Client {
  return authorized(plain, async () => {
    const { token, expiresAt }: AccessToken = await credential.getToken({ client: plain });
    return { value: token, expiresAtMs: expiresAt?.getTime() };
  });
}
