import { type Client, decorate } from './client.ts';
import type { Endpoint } from './endpoint.ts';
import { isSafe } from './request.ts';

/** The same endpoint with more headers; names are compared without case, the new value wins. */
export function withHeaders<E extends Endpoint>(endpoint: E, headers: Readonly<Record<string, string>>): E {
  const merged = new Headers(endpoint.headers);
  for (const [name, value] of Object.entries(headers)) merged.set(name, value);
  return { ...endpoint, headers: Object.fromEntries(merged) };
}

/** The same endpoint, asked on behalf of someone else (`sudo` header). Keeps a pageable one pageable. */
export function sudo<E extends Endpoint>(endpoint: E, user: string | number): E {
  return withHeaders(endpoint, { sudo: `${user}` });
}

/** Makes many endpoints act for one user: `const asRoot = sudoContext('root')`, then `asRoot(endpoint)`. */
export function sudoContext(user: string | number): <E extends Endpoint>(endpoint: E) => E {
  return (endpoint) => sudo(endpoint, user);
}

/** The same endpoint with an `idempotency-key`, which makes it safe to retry. @default a random UUID */
export function idempotent<E extends Endpoint>(endpoint: E, key: string = crypto.randomUUID()): E {
  return withHeaders(endpoint, { 'idempotency-key': key });
}

/** Gives every request that may change something an `idempotency-key` of its own, unless it has one; retries keep it. */
export function keyed(client: Client, key: () => string = () => crypto.randomUUID()): Client {
  return decorate(client, (request) => {
    const { headers } = request;
    if (!isSafe(request) && !headers.has('idempotency-key')) headers.set('idempotency-key', key());
    return client.send(request);
  });
}
