// Compiled against the shipped types by ../types.test.ts; nothing here runs.
import {
  authorized,
  type Body,
  type Client,
  commaSeparated,
  type Endpoint,
  events,
  fetchClient,
  form,
  idempotent,
  ignore,
  impersonating,
  json,
  keyed,
  logged,
  type Method,
  nameOrId,
  type Pageable,
  type Paged,
  paged,
  path,
  type Query,
  type QueryParams,
  query,
  type ReadEndpoint,
  type RestError,
  raw,
  retrying,
  type SchemaError,
  type SendOptions,
  type ServerEvent,
  type StatusError,
  stream,
  sudo,
  sudoContext,
  type TransportError,
  type WriteEndpoint,
  withHeaders,
} from '@boxlite/rest';
import { expecting, serving } from '@boxlite/rest/testing';
import { expectTypeOf } from 'expect-type';
import * as z from 'zod';

declare const client: Client;
const user = z.object({ id: z.number(), name: z.string() });
type User = { id: number; name: string };
const one = { method: 'GET', path: path`/users/${7}` } as const satisfies Endpoint;
const list = { method: 'GET', path: '/users', pagination: { mode: 'keyset' } } as const satisfies Pageable;

// Endpoints are data, and know what they may have.
expectTypeOf<Endpoint>().toEqualTypeOf<ReadEndpoint | WriteEndpoint>();
expectTypeOf<Method>().toEqualTypeOf<'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'>();
expectTypeOf<ReadEndpoint['body']>().toEqualTypeOf<undefined>();
expectTypeOf<WriteEndpoint['body']>().toEqualTypeOf<Body | undefined>();
expectTypeOf<Pageable>().toExtend<ReadEndpoint>();
expectTypeOf(path).returns.toEqualTypeOf<string>();
expectTypeOf(commaSeparated).returns.toEqualTypeOf<string | undefined>();
expectTypeOf(nameOrId).returns.toEqualTypeOf<QueryParams>();
expectTypeOf(json).returns.toEqualTypeOf<Body>();
expectTypeOf(form).parameters.toEqualTypeOf<[params: QueryParams]>();
expectTypeOf(stream).returns.toEqualTypeOf<Body>();

// Queries have the type of their schema, and nothing without one.
expectTypeOf(query(one, user)).toEqualTypeOf<Query<User>>();
expectTypeOf(query(one)).toEqualTypeOf<Query<unknown>>();
expectTypeOf(query(one, user).send).parameters.toEqualTypeOf<[client: Client, options?: SendOptions | undefined]>();
expectTypeOf(ignore(one)).toEqualTypeOf<Query<void>>();
expectTypeOf(raw(one)).toEqualTypeOf<Query<Response>>();
expectTypeOf(paged(list, user)).toEqualTypeOf<Paged<User>>();
expectTypeOf(paged(list)).toEqualTypeOf<Paged<unknown>>();
expectTypeOf(paged(list, user).send(client)).resolves.toEqualTypeOf<User[]>();
expectTypeOf(paged(list, user).items(client)).toEqualTypeOf<AsyncGenerator<User, void, undefined>>();
expectTypeOf<Query<User>>().not.toExtend<Endpoint>();

// Decorating an endpoint keeps what it is.
expectTypeOf(sudo(list, 'root')).toEqualTypeOf(list);
expectTypeOf(sudoContext('root')(list)).toEqualTypeOf(list);
expectTypeOf(withHeaders(one, {})).toEqualTypeOf(one);
expectTypeOf(idempotent(one)).toEqualTypeOf(one);

// Events are a union told apart by name.
const changes = events(client, one, { made: user, gone: z.string() });
expectTypeOf(changes).toEqualTypeOf<
  AsyncGenerator<ServerEvent<User, 'made'> | ServerEvent<string, 'gone'>, void, undefined>
>();
expectTypeOf(events(client, one, user)).toEqualTypeOf<AsyncGenerator<ServerEvent<User>, void, undefined>>();

// What sends: one seam, and functions over it.
expectTypeOf<Client>().toEqualTypeOf<{
  resolve(endpoint: Endpoint): URL;
  send(request: Request): Promise<Response>;
  readonly maxJsonLength?: number | undefined;
}>();
expectTypeOf(fetchClient({ baseUrl: 'https://api.invalid' })).toEqualTypeOf<Client>();
expectTypeOf(retrying(client)).toEqualTypeOf<Client>();
expectTypeOf(keyed(client)).toEqualTypeOf<Client>();
expectTypeOf(impersonating(client, 7)).toEqualTypeOf<Client>();
expectTypeOf(logged(client, () => {})).toEqualTypeOf<Client>();
expectTypeOf(authorized(client, () => ({ value: 'token' }))).toEqualTypeOf<Client>();
expectTypeOf(expecting([])).toExtend<Client>();
expectTypeOf(serving).returns.toExtend<Client>();

// Errors.
expectTypeOf<RestError['code']>().toEqualTypeOf<'transport' | 'status' | 'schema'>();
expectTypeOf<StatusError>().toExtend<RestError>();
expectTypeOf<StatusError['body']>().toEqualTypeOf<unknown>();
expectTypeOf<TransportError['code']>().toEqualTypeOf<'transport'>();
expectTypeOf<SchemaError>().toHaveProperty('issues');
