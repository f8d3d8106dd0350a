import { type Client, fetchClient, query, retrying } from '@boxlite/rest';
import type { ImageRegistryOptions } from 'boxlite/backend';
import * as v from 'valibot';
import { defaultRegistry } from '../reference.ts';
import { parseChallenges } from './challenge.ts';
import { getToken } from './endpoints.ts';
import { registryTransport, type TransportOptions } from './transport.ts';

/** How to reach registries, beside what the user says of each. */
export interface RegistryClientOptions extends TransportOptions {
  /** Upper bound of the first wait before something is sent again, in milliseconds. @default 250 */
  readonly retryBaseMs?: number | undefined;
}

const token = v.optional(v.pipe(v.string(), v.nonEmpty()));
const tokenAnswer = v.object({ token, access_token: token });

/** The root of a registry's API. A loopback registry that is not configured is asked over http, as Docker does. */
export function registryUrl(host: string, options: ImageRegistryOptions | undefined): URL {
  const name = host === defaultRegistry ? 'registry-1.docker.io' : host;
  const loopback = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]+)?$/.test(host);
  const transport = options === undefined ? (loopback ? 'http' : 'https') : (options.transport ?? 'https');
  return new URL(`${transport}://${name}/`);
}

/** A client of one repository of a registry: anonymous, basic, or with tokens, as the registry's 401 asks for. */
export function registryClient(
  host: string,
  repository: string,
  options: ImageRegistryOptions | undefined,
  how: RegistryClientOptions = {},
): Client {
  const url = registryUrl(host, options);
  const fetch = registryTransport({ ...how, host: url.host, caFile: options?.caFile, skipVerify: options?.skipVerify });
  const make = (baseUrl: URL): Client => retrying(fetchClient({ baseUrl, fetch }), { baseMs: how.retryBaseMs });
  const client = make(url);
  const auth = options?.auth;
  let authorization = auth !== undefined && 'token' in auth ? `Bearer ${auth.token}` : undefined;
  let pending: Promise<string | undefined> | undefined;

  const basic =
    auth !== undefined && 'username' in auth
      ? `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`
      : undefined;

  async function answer(header: string): Promise<string | undefined> {
    for (const { scheme, parameters } of parseChallenges(header)) {
      if (scheme === 'basic' && basic !== undefined) return basic;
      const realm = URL.parse(parameters.get('realm') ?? '', url);
      if (scheme !== 'bearer' || realm === null) continue;
      // A registry behind TLS must not have its users' passwords sent in the clear.
      if (realm.protocol !== 'https:' && !(realm.protocol === 'http:' && url.protocol === 'http:')) continue;
      const endpoint = getToken(realm, parameters.get('service'), `repository:${repository}:pull`);
      const headers = basic === undefined ? {} : { authorization: basic };
      const got = await query({ ...endpoint, headers }, tokenAnswer).send(make(new URL(realm.origin)));
      const token = got.token ?? got.access_token;
      if (token !== undefined) return `Bearer ${token}`;
    }
    return undefined;
  }

  function send(request: Request): Promise<Response> {
    const copy = new Request(request);
    if (authorization !== undefined) copy.headers.set('authorization', authorization);
    return client.send(copy);
  }

  return {
    resolve: (endpoint) => client.resolve(endpoint),
    async send(request) {
      const used = authorization;
      const response = await send(request);
      const header = response.headers.get('www-authenticate');
      if (response.status !== 401 || header === null) return response;
      if (authorization === used) {
        // Many requests wait for one token, so it is not any one's signal that ends it.
        pending ??= answer(header).finally(() => {
          pending = undefined;
        });
        const renewed = await pending;
        if (renewed === undefined || renewed === used) return response;
        authorization = renewed;
      }
      await response.body?.cancel();
      return send(request);
    },
  };
}
