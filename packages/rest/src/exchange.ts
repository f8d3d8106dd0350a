import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Client } from './client.ts';
import type { Endpoint } from './endpoint.ts';
import { mismatch, SchemaError } from './errors.ts';
import { appendParams } from './params.ts';
import { makeRequest } from './request.ts';
import { checked, readText } from './status.ts';

/** Where an endpoint is, with its parameters. */
export function endpointUrl(client: Client, endpoint: Endpoint): URL {
  const url = client.resolve(endpoint);
  appendParams(url.searchParams, endpoint.params);
  return url;
}

/** Sends what an endpoint describes, and gives the response if its status is a success. */
export async function exchange(
  client: Client,
  endpoint: Endpoint,
  signal: AbortSignal | undefined,
  url: URL = endpointUrl(client, endpoint),
): Promise<Response> {
  const { method, body } = endpoint;
  const headers = new Headers(endpoint.headers);
  if (body) headers.set('content-type', body.type);
  const request = makeRequest(url, { method, headers, signal }, body);
  return checked(request, await client.send(request));
}

/** The body as JSON; undefined when it is empty, whatever the status. A TransportError where it is longer than the client takes. */
export async function readJson({ maxJsonLength = 2 ** 26 }: Client, response: Response): Promise<unknown> {
  const text = await readText(response, maxJsonLength);
  return text ? parseJson(text) : undefined;
}

/** JSON.parse that throws a SchemaError. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw mismatch(`not JSON: ${text.slice(0, 100)}`);
  }
}

/** Checks a value with the caller's schema; without one, the value itself. */
export async function parse(schema: StandardSchemaV1 | undefined, value: unknown): Promise<unknown> {
  const result = (await schema?.['~standard'].validate(value)) ?? { value };
  if (result.issues) throw new SchemaError(result.issues);
  return result.value;
}
