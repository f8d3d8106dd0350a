import type { RetryOptions } from '@boxlite/rest';
import { checkFlag, checkWhole, refuse } from '../argument.ts';
import { InvalidArgumentError } from '../errors.ts';
import { ApiKeyCredential, ClientCredentials, type Credential, environment } from './credential.ts';

/** Where a remote runtime is and how to talk to it. */
export interface BoxliteRestOptions {
  /** The server, such as `https://boxes.example.com`; may have a base path. */
  readonly url: string | URL;
  /** @default none: requests go without a token */
  readonly credential?: Credential | undefined;
  /** The version segment of the path. @default 'v1' */
  readonly prefix?: string | undefined;
  /** The tenant's segment of the path; may hold slashes, and an empty one leaves it out. @default 'default' */
  readonly pathPrefix?: string | undefined;
  /** Any fetch-shaped function. @default global fetch */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
  /** Lets the credential go unencrypted to a server that is not this machine; a `fetch` of your own may. @default false: `InvalidArgumentError` */
  readonly plainHttp?: boolean | undefined;
  /** How often and how long to try again what failed in passing. @default 3 attempts within 30 s; see RetryOptions */
  readonly retries?: RetryOptions | undefined;
  /** How long an output stream may be silent, pings included, before it counts as lost. @default 60,000 */
  readonly idleTimeoutMs?: number | undefined;
  /** Most bytes of one upload from a browser, which cannot send it as it comes and holds it. @default 268,435,456 */
  readonly uploadBufferBytes?: number | undefined;
}

/** Makes options from the environment. */
export const BoxliteRestOptions: {
  /** Reads BOXLITE_REST_URL, _PREFIX, _PATH_PREFIX, _PLAIN_HTTP (1), and as credential BOXLITE_API_KEY, else BOXLITE_REST_CLIENT_ID with _CLIENT_SECRET. */
  fromEnv(env?: Readonly<Record<string, string | undefined>>): BoxliteRestOptions;
} = {
  fromEnv(env = environment()) {
    const url = env['BOXLITE_REST_URL'];
    if (!url) throw new InvalidArgumentError('BOXLITE_REST_URL is not set: set it to the URL of a BoxLite server');
    const clientId = env['BOXLITE_REST_CLIENT_ID'];
    const clientSecret = env['BOXLITE_REST_CLIENT_SECRET'];
    const client = clientId && clientSecret ? new ClientCredentials({ clientId, clientSecret }) : undefined;
    const prefix = env['BOXLITE_REST_PREFIX'];
    return {
      url,
      credential: ApiKeyCredential.fromEnv(env) ?? client,
      ...(env['BOXLITE_REST_PLAIN_HTTP'] === '1' && { plainHttp: true }),
      ...(prefix && { prefix }),
      ...(env['BOXLITE_REST_PATH_PREFIX'] !== undefined && { pathPrefix: env['BOXLITE_REST_PATH_PREFIX'] }),
    };
  },
};

/** What a connection is made of, as the options were when they were checked. */
export interface RestSettings extends Omit<BoxliteRestOptions, 'url' | 'prefix' | 'pathPrefix' | 'plainHttp'> {
  readonly roots: ServerRoots;
}

/** Checks options; `InvalidArgumentError` names what is wrong with them. */
export function restSettings(options: BoxliteRestOptions): RestSettings {
  const roots = serverRoots(options);
  const { credential, fetch, retries, idleTimeoutMs, uploadBufferBytes } = options;
  checkWhole('uploadBufferBytes', uploadBufferBytes, 0);
  return { roots, credential, fetch, retries, idleTimeoutMs, uploadBufferBytes };
}

/** The roots of a server: `{url}/`, `{url}/{prefix}/` for the instance, `{url}/{prefix}/{pathPrefix}/` for a tenant's boxes. */
interface ServerRoots {
  readonly origin: URL;
  readonly instance: URL;
  readonly tenant: URL;
}

function serverRoots(options: BoxliteRestOptions): ServerRoots {
  if (typeof options !== 'object' || options === null) refuse('options', 'an object such as { url }', options);
  const { url, prefix = 'v1', pathPrefix = 'default' } = options;
  if (!URL.canParse(String(url)) || !/^https?:$/.test(new URL(url).protocol)) {
    refuse('url', 'an http or https URL such as https://boxes.example.com or http://localhost:8100', String(url));
  }
  const base = new URL(url);
  if (base.username || base.password) {
    throw new InvalidArgumentError('url must not hold a user or a password: give a credential instead');
  }
  checkFlag('plainHttp', options.plainHttp);
  if (
    options.credential &&
    !options.fetch &&
    base.protocol === 'http:' &&
    !options.plainHttp &&
    !isHere(base.hostname)
  ) {
    throw new InvalidArgumentError(
      `the credential would go to ${base.host} unencrypted: use https, or say plainHttp: true (BOXLITE_REST_PLAIN_HTTP=1)`,
    );
  }
  base.search = base.hash = '';
  const at = (...parts: readonly string[]): URL => {
    const result = new URL(base);
    result.pathname = [base.pathname.replace(/\/+$/, ''), ...parts, ''].join('/');
    return result;
  };
  const version = segments('prefix', prefix);
  return { origin: at(), instance: at(...version), tenant: at(...version, ...segments('pathPrefix', pathPrefix)) };
}

/** Whether a host is this machine, so that what is sent to it is on no wire. */
function isHere(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

function segments(field: string, value: string): string[] {
  const parts = String(value)
    .split('/')
    .filter((part) => part !== '');
  for (const part of parts) {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/.test(part)) {
      refuse(field, 'path segments of letters, digits, ".", "_" and "-"', value);
    }
  }
  return parts;
}
