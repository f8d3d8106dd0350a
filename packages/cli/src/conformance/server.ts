import { like, list, member, NotApplicable } from './outcome.ts';
import { type Caller, caller } from './wire.ts';

/** What to test, and what to show it. */
export interface Target {
  readonly url: string;
  /** The tenant; otherwise what `/v1/me` says, or none. */
  readonly pathPrefix: string | undefined;
  /** Of generation 2. */
  readonly apiKey: string | undefined;
  /** Of generation 1. */
  readonly client: { readonly id: string; readonly secret: string } | undefined;
  /** Of another tenant of the same server. */
  readonly otherApiKey: string | undefined;
  /** What boxes are made of; the server's default unless given. */
  readonly image: string | undefined;
}

/** A server as far as it is known before its requirements are looked at. */
export interface Server {
  readonly target: Target;
  /** Below `/v1`, without a credential. */
  readonly anonymous: Caller;
  /** Below `/v1`, with the credential. */
  readonly account: Caller;
  /** Below the tenant, with the credential that there is: the key if there is one, the token otherwise. */
  readonly tenant: Caller;
  /** Below the tenant `default`, with a token. */
  readonly generation1: Caller | undefined;
  /** Below the tenant, with a key. */
  readonly generation2: Caller | undefined;
  /** Below the tenant, with the key of another one. */
  readonly other: Caller | undefined;
  /** `/v1/config`. */
  readonly config: unknown;
  /** `/v1/me`. */
  readonly me: unknown;
}

/** Learns what it takes to test a server; `Unmet` where that does not even begin. */
export async function meet(target: Target): Promise<Server> {
  const root = `${target.url.replace(/\/+$/, '')}/v1`;
  const anonymous = caller(root, undefined);
  const config = (await anonymous.send('GET', '/config')).is(200).json();
  const token = target.client && (await tokenOf(anonymous, target.client));
  const bearer = target.apiKey ?? token;
  const account = caller(root, bearer);
  const me = (await account.send('GET', '/me')).is(200).json();
  const named = member(me, 'path_prefix');
  const prefix = target.pathPrefix ?? (typeof named === 'string' ? named : '');
  const below = prefix === '' ? root : `${root}/${prefix}`;
  return {
    target,
    anonymous,
    account,
    tenant: caller(below, bearer),
    generation1: token === undefined ? undefined : caller(`${root}/default`, token),
    generation2: target.apiKey === undefined ? undefined : caller(below, target.apiKey),
    other: target.otherApiKey === undefined ? undefined : caller(below, target.otherApiKey),
    config,
    me,
  };
}

async function tokenOf(anonymous: Caller, { id, secret }: { readonly id: string; readonly secret: string }) {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await anonymous.send('POST', '/oauth/tokens', { body: body.toString(), headers });
  return like(member(answer.is(200).json(), 'access_token'), /./, 'access_token');
}

/** What a requirement takes of the server; `NotApplicable` where it is not there. */
export type Need = (server: Server) => void;

/** A flag of the configuration that must be true, such as `clone_enabled`. */
export function capability(flag: string): Need {
  return ({ config }) => {
    if (member(config, 'capabilities', flag) === true) return;
    throw new NotApplicable(`/v1/config does not say that ${flag} is true`);
  };
}

/** The configuration advertises how long idempotency keys are good. */
export const idempotency: Need = ({ config }) => {
  if (typeof member(config, 'capabilities', 'idempotency_key_lifetime') === 'string') return;
  throw new NotApplicable('/v1/config advertises no idempotency_key_lifetime');
};

/** What neither generation has: there where the configuration names an addition of this contract at all. */
export const additions: Need = ({ config }) => {
  if (member(config, 'capabilities', 'get_or_create_enabled') === true) return;
  throw new NotApplicable('/v1/config names no addition of this contract');
};

/** A credential with a list of its tenants, so that others are not its own. */
export const bounded: Need = ({ me }) => {
  if (member(me, 'tenants') !== null) return;
  throw new NotApplicable('/v1/me says that the credential is of every tenant');
};

/** What the credential may do, as generation 2 spells it or as generation 1 does. */
export function permission(...spellings: readonly string[]): Need {
  return ({ me }) => {
    const held = list(member(me, 'scopes'), 'scopes of /v1/me');
    if (spellings.some((one) => held.includes(one))) return;
    throw new NotApplicable(`the credential lacks ${spellings.join(', or ')}`);
  };
}

/** The credential of generation 1; `NotApplicable` where none was given. */
export function generation1(server: Server): Caller {
  if (server.generation1) return server.generation1;
  throw new NotApplicable('no OAuth2 client was given; set BOXLITE_REST_CLIENT_ID and BOXLITE_REST_CLIENT_SECRET');
}

/** The credential of generation 2; `NotApplicable` where none was given. */
export function generation2(server: Server): Caller {
  if (server.generation2) return server.generation2;
  throw new NotApplicable('no API key was given; set BOXLITE_API_KEY');
}
