import type { RetryOptions } from '@boxlite/rest';
import { refuse } from '../argument.ts';
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
  /** How often and how long to try again what only reads. */
  readonly retries?: RetryOptions | undefined;
  /** How long an output stream may be silent, pings included, before it counts as lost. @default 60,000 */
  readonly idleTimeoutMs?: number | undefined;
  /** Most bytes of one upload from a browser, which cannot send it as it comes and holds it. @default 268,435,456 */
  readonly uploadBufferBytes?: number | undefined;
}

/** Makes options from the environment. */
export const BoxliteRestOptions: {
  /** Reads BOXLITE_REST_URL, _PREFIX, _PATH_PREFIX, and as credential BOXLITE_API_KEY, else BOXLITE_REST_CLIENT_ID with _CLIENT_SECRET. */
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
      ...(prefix && { prefix }),
      ...(env['BOXLITE_REST_PATH_PREFIX'] !== undefined && { pathPrefix: env['BOXLITE_REST_PATH_PREFIX'] }),
    };
  },
};

/** The roots of a server: `{url}/`, `{url}/{prefix}/` for the instance, `{url}/{prefix}/{pathPrefix}/` for a tenant's boxes. */
export function roots(options: BoxliteRestOptions): {
  readonly origin: URL;
  readonly instance: URL;
  readonly tenant: URL;
} {
  if (typeof options !== 'object' || options === null) refuse('options', 'an object such as { url }', options);
  const { url, prefix = 'v1', pathPrefix = 'default' } = options;
  if (!URL.canParse(String(url))) refuse('url', 'the URL of a BoxLite server', String(url));
  const base = new URL(url);
  if (!/^https?:$/.test(base.protocol)) refuse('url', 'an http or https URL', base.href);
  if (base.username || base.password) {
    throw new InvalidArgumentError('url must not hold a user or a password: give a credential instead');
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
