import type { SandboxCapabilities } from '@boxlite/api';
import {
  authorized,
  type Client,
  type Endpoint,
  fetchClient,
  ignore,
  isEventStream,
  keyed,
  type Query,
  type RetryOptions,
  retrying,
  StatusError,
} from '@boxlite/rest';
import type { CallOptions } from '../backend/backend.ts';
import type { BoxOptions } from '../backend/box-options.ts';
import { UnauthorizedError, UnsupportedError } from '../errors.ts';
import { once } from '../once.ts';
import { randomUuid } from '../random-uuid.ts';
import type { AccessToken, Credential } from './credential.ts';
import { inBrowser } from './in-browser.ts';
import { lateRest } from './late-rest.ts';
import type { RestSettings } from './options.ts';
import { restError } from './rest-error.ts';
import { wholeAnswer } from './whole-answer.ts';

const nothing: SandboxCapabilities = {};

/** What a server may be able to do, beyond the first generation of the protocol. */
export type ServerAbility =
  | 'files_enabled'
  | 'image_remove_enabled'
  | 'image_import_enabled'
  | 'execution_list_enabled'
  | 'linux_capabilities_enabled';

/** A server as the REST backend sees it: queries go in, results or errors of the SDK come out. */
export interface Connection {
  readonly client: Client;
  /** What the server can do, asked once. */
  readonly capabilities: () => Promise<SandboxCapabilities>;
  /** Whether the server says that it can. */
  can(what: ServerAbility, call?: CallOptions): Promise<boolean>;
  /** Refuses what the server would pass over: a box would have what was to be dropped. */
  checkAble(options: BoxOptions): Promise<void>;
  readonly idleTimeoutMs: number;
  readonly uploadBufferBytes: number;
  readonly retries: RetryOptions;
  send<T>(request: Query<T>, call?: CallOptions): Promise<T>;
  /** Sends an endpoint whose answer has no content. */
  ignore(endpoint: Endpoint, call?: CallOptions): Promise<void>;
  /** Turns what a stream threw into an error of the SDK. */
  failure(error: unknown): unknown;
}

/** How often in a row a stream connects again: about half a minute with the waits between, in which a server restarts. */
export const streamReconnects = 8;

/** Opens nothing: a connection is made by the first request. */
export function connect(settings: RestSettings): Connection {
  const { origin, instance, tenant } = settings.roots;
  const { credential, retries = {}, idleTimeoutMs = 60_000, uploadBufferBytes = 2 ** 28 } = settings;
  const boxes = fetchClient({ baseUrl: tenant, fetch: settings.fetch });
  const at = { api: boxes, origin: fetchClient({ baseUrl: origin }), instance: fetchClient({ baseUrl: instance }) };
  const bare: Client = {
    resolve: (endpoint) => at[endpoint.base ?? 'api'].resolve({ ...endpoint, base: 'api' }),
    async send(request) {
      // Node's fetch gives up after 300 s without a sign. Not from a page: a server may not let it send this header.
      if (!inBrowser()) request.headers.set('prefer', 'processing');
      const response = await boxes.send(unredirected(request));
      // Who wants a stream says so, and who takes JSON as well says that.
      const accept = request.headers.get('accept');
      const streams = accept !== null && (!accept.includes('application/json') || isEventStream(response));
      return response.ok && streams ? response : wholeAnswer(response);
    },
  };
  const reading = retrying(bare, retries);
  const capabilities = once(async () => {
    const { askCapabilities } = await lateRest();
    try {
      return (await askCapabilities(reading)) ?? nothing;
    } catch (error) {
      if (error instanceof StatusError && error.status < 500) return nothing;
      throw error;
    }
  });
  // A server that knows nothing of keys would do it twice.
  const mayRepeat = async (): Promise<boolean> => {
    const { idempotency_key_lifetime: lifetime } = await capabilities().catch(() => nothing);
    return lifetime != null;
  };
  const plain = retrying(bare, { ...retries, mayRepeat });
  const bearing = credential === undefined ? plain : withCredential(reading, plain, credential);
  const client = keyed(bearing, randomUuid);
  const failure = (error: unknown): unknown => {
    const told = restError(error, instance.href);
    if (credential !== undefined || !(told instanceof UnauthorizedError)) return told;
    const { message, requestId } = told;
    return new UnauthorizedError(
      `${message}; give a credential: new ApiKeyCredential(key), or BOXLITE_API_KEY to the CLI`,
      {
        cause: error,
        requestId,
      },
    );
  };
  const send = async <T>(request: Query<T>, call: CallOptions = {}): Promise<T> => {
    try {
      return await request.send(client, { signal: call.signal });
    } catch (error) {
      throw failure(error);
    }
  };
  const can: Connection['can'] = async (what, { signal } = {}) => {
    signal?.throwIfAborted();
    try {
      return (await capabilities())[what] === true;
    } catch (error) {
      throw failure(error);
    }
  };
  return {
    client,
    capabilities,
    can,
    async checkAble({ capabilities: wanted }) {
      if (wanted !== undefined && !(await can('linux_capabilities_enabled')))
        throw new UnsupportedError(
          'capabilities: this server does not take them; leave them out or use a newer server',
        );
    },
    idleTimeoutMs,
    uploadBufferBytes,
    retries,
    send,
    failure,
    ignore: (endpoint, call) => send(ignore(endpoint), call),
  };
}

/** Nothing that may change something follows a redirect: it would be done by someone else, or be another request. */
function unredirected(request: Request): Request {
  // With a body it follows none already.
  const safe = request.method === 'GET' || request.method === 'HEAD';
  return safe || request.body !== null ? request : new Request(request, { redirect: 'error' });
}

function withCredential(reading: Client, plain: Client, credential: Credential): Client {
  return authorized(plain, async () => {
    const { token, expiresAt }: AccessToken = await credential.getToken({ client: reading });
    // Said here, without the token: what a header refuses it quotes.
    if (!/^[\x21-\x7e]+$/.test(token))
      throw new UnauthorizedError('the credential gave a token that is not of visible ASCII characters alone');
    return { value: token, expiresAtMs: expiresAt?.getTime() };
  });
}
