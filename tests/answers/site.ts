import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { permissions } from '@boxlite/api';
import { openLocal } from '@boxlite/runtime';
import { type AppOptions, createApp, type Identity, type Listening, listen, openIdentity } from '@boxlite/server';
import type { BoxliteOptions, RuntimeBackend } from 'boxlite/backend';
import { removeHome } from '../../packages/runtime/src/testing/home-folder.ts';
import { type SpecOperation, specOperations } from '../tenants/operations.ts';
import { type Answered, ask, handshake, type Question } from './asked.ts';

/** A real server over real boxes, in this process so that its clock and its limits can be given. */
export interface OpenSite extends AsyncDisposable {
  readonly url: string;
  readonly backend: RuntimeBackend;
  readonly homeDir: string;
  readonly identity: Identity;
  /** Another server over the same boxes, with other settings; closed with this one. */
  beside(options: Partial<AppOptions>): Promise<string>;
}

/** The key of a site's owner: of the tenant `a`, with every permission. */
export const ownerKey = 'owner-key';
const auth: AppOptions['auth'] = {
  apiKeys: [
    { id: 'owner', key: ownerKey, tenants: ['a'] },
    { id: 'stranger', key: 'stranger-key', tenants: ['b'] },
    ...permissions.map((one) => ({
      ...{ id: `without-${one}`, key: `without-${one}`, tenants: ['a'] },
      scopes: permissions.filter((other) => other !== one),
    })),
  ],
  clients: [{ id: 'client', secret: 'client-secret', tenants: ['a'] }],
};

/** Opens one with a home directory of its own, or in one that is there. */
export async function openSite(options: Partial<AppOptions> = {}, runtime: BoxliteOptions = {}): Promise<OpenSite> {
  await using stack = new AsyncDisposableStack();
  const homeDir = runtime.homeDir ?? (await mkdtemp(join(tmpdir(), 'bl-ans-')));
  if (runtime.homeDir === undefined) stack.defer(() => removeHome(homeDir));
  const backend = await openLocal({ ...runtime, homeDir });
  stack.defer(async () => {
    const mine = backend.tenant('a');
    const { boxes } = await mine.list();
    await Promise.all(boxes.map(({ id }) => mine.remove(id, { force: true })));
    await backend.shutdown();
  });
  const identity = openIdentity(join(homeDir, 'identity.db'));
  stack.defer(() => identity.close());
  const servers: Listening[] = [];
  stack.defer(async () => {
    await Promise.all(servers.map((server) => server.close({ graceMs: 0 })));
  });
  const beside = async (given: Partial<AppOptions>): Promise<string> => {
    const server = await listen(createApp(backend, { auth: { ...auth, identity }, ...given }), { port: 0 });
    servers.push(server);
    return server.url;
  };
  const url = await beside(options);
  const owned = stack.move();
  return { url, backend, homeDir, identity, beside, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The form by which the client of a site asks for a token. */
export const tokenForm = 'grant_type=client_credentials&client_id=client&client_secret=client-secret';

/** What a request of the contract's example is told apart by. */
export interface Variation extends Partial<Omit<Question, 'method'>> {
  /** @default the owner's; null for none */
  readonly bearer?: string | null;
  /** In place of the example's holes, such as `box_id`. */
  readonly holes?: Readonly<Record<string, string>>;
  /** In place of the example's query. */
  readonly query?: string;
  readonly json?: unknown;
}

const operations = new Map(specOperations.map((operation) => [operation.id, operation]));

/** An operation by its name. */
export function operationNamed(id: string): SpecOperation {
  const found = operations.get(id);
  if (!found) throw new Error(`the contract has no operation ${id}`);
  return found;
}

/** Whether the contract of an operation has a status. */
export const isDocumented =
  (status: number) =>
  ({ statuses }: SpecOperation): boolean =>
    statuses.includes(status);

const noHoles: Readonly<Record<string, string>> = {
  ...{ prefix: 'a', box_id: 'none', execution_id: 'none', snapshot_name: 'none', volume_id: 'none', key_name: 'none' },
  digest: `sha256:${'0'.repeat(64)}`,
};

/** Asks a server for an operation as the contract's examples have it, but for what is given. */
export function call(url: string, id: string, given: Variation = {}): Promise<Answered> {
  const { method, path, query, body, webSocket } = operationNamed(id);
  const holes = { ...noHoles, ...given.holes };
  const target = path.replaceAll(/\{(\w+)\}/g, (_, hole: string) => encodeURIComponent(holes[hole] ?? 'none'));
  const bearer = given.bearer === undefined ? ownerKey : given.bearer;
  const json = given.json === undefined ? undefined : JSON.stringify(given.json);
  const text = given.body ?? json ?? body?.text;
  return ask(url, {
    method,
    path: target + (given.query === undefined ? query : given.query && `?${given.query}`),
    headers: {
      ...(bearer !== null && { authorization: `Bearer ${bearer}` }),
      ...(body && text !== undefined && { 'content-type': body.type }),
      ...(webSocket && handshake),
      ...given.headers,
    },
    ...(body && text !== undefined && { body: text }),
    ...(given.missingBytes !== undefined && { missingBytes: given.missingBytes }),
  });
}
