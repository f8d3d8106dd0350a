import { once as event } from 'node:events';
import { createServer } from 'node:http';
import { type Endpoint, fetchClient, path, query } from '@boxlite/rest';
import * as z from 'zod';
import { endpointUrl } from '../packages/rest/src/exchange.ts';
import { inTurns, printTable, type Row } from './measure.ts';

const User = z.object({ id: z.number(), name: z.string() });
const body = JSON.stringify({ id: 1, name: 'ada' });
const user = (id: number): Endpoint => ({
  method: 'GET',
  path: path`/users/${id}`,
  params: { statistics: true, scope: ['mine', 'all'] },
});

/** What one call takes, in microseconds. */
async function each(calls: number, call: (i: number) => unknown): Promise<number> {
  const began = performance.now();
  for (let i = 0; i < calls; i++) await call(i);
  return ((performance.now() - began) / calls) * 1000;
}

/** What the REST core costs beside the fetch that it makes, on loopback: to build and check a request, and a whole query. */
export async function requestCost(): Promise<Row[]> {
  const server = createServer((_, response) => response.end(body)).listen(0, '127.0.0.1');
  await event(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const baseUrl = `http://127.0.0.1:${address.port}/api/v4`;
  const client = fetchClient({ baseUrl });
  const inProcess = fetchClient({ baseUrl, fetch: async () => new Response(body) });
  const url = `${baseUrl}/users/1?statistics=true&scope=mine&scope=all`;
  try {
    return await inTurns(9, 'us', {
      'a bare fetch and its JSON, on loopback': () => each(2000, async () => (await fetch(url)).json()),
      'a request is built: endpoint, checked path, URL with three parameters': () =>
        each(20_000, (i) => endpointUrl(client, user(i))),
      'the same without parameters': () => each(20_000, (i) => client.resolve(user(i))),
      'a query: endpoint, Request, Response, JSON, schema, without the fetch': () =>
        each(5000, (i) => query(user(i), User).send(inProcess)),
      'a query over fetch': () => each(2000, (i) => query(user(i), User).send(client)),
    });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

if (import.meta.main) printTable(await requestCost());
