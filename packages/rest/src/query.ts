import type { StandardSchemaV1 } from '@standard-schema/spec';
import { attached } from './abort.ts';
import type { Client } from './client.ts';
import type { Endpoint } from './endpoint.ts';
import { exchange, parse, readJson } from './exchange.ts';
import { readText } from './status.ts';

/** Options of sending anything. */
export interface SendOptions {
  /** Aborting it rejects with its reason. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** A finished request: it can be sent, and nothing else. Not an `Endpoint`, so it cannot be wrapped again. */
export interface Query<out T> {
  /** Sends it; rejects with a RestError, or with the signal's reason. */
  send(client: Client, options?: SendOptions): Promise<T>;
}

/** Reads the body as JSON and checks it with any Standard Schema, which sees `undefined` for an empty body (a 204). */
export function query(endpoint: Endpoint): Query<unknown>;
export function query<S extends StandardSchemaV1>(
  endpoint: Endpoint,
  schema: S,
): Query<StandardSchemaV1.InferOutput<S>>;
export function query(endpoint: Endpoint, schema?: StandardSchemaV1): Query<unknown> {
  return finished(endpoint, async (response, client) => parse(schema, await readJson(client, response)));
}

/** Succeeds on any 2xx and drops the body. */
export function ignore(endpoint: Endpoint): Query<void> {
  return finished(endpoint, async (response) => {
    await readText(response);
  });
}

/** The successful response itself, unread: read or cancel its body. The signal holds until then, as with fetch. */
export function raw(endpoint: Endpoint): Query<Response> {
  return {
    send: (client, { signal } = {}) => attached(signal, () => exchange(client, endpoint, signal)),
  };
}

function finished<T>(endpoint: Endpoint, read: (response: Response, client: Client) => Promise<T>): Query<T> {
  return {
    send: (client, { signal } = {}) =>
      attached(signal, async (own) => read(await exchange(client, endpoint, own), client)),
  };
}
