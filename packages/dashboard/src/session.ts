import { signal } from '@preact/signals';
import {
  ApiKeyCredential,
  Boxlite,
  ClientCredentials,
  type Credential,
  NetworkError,
  type PrincipalInfo,
  type RuntimeConfig,
  UnauthorizedError,
} from 'boxlite';

/** What somebody signs in with. */
export type SignIn =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'client'; readonly id: string; readonly secret: string };

/** Somebody who is signed in, in one tenant. */
export interface Session {
  readonly runtime: Boxlite;
  readonly me: PrincipalInfo;
  readonly config: RuntimeConfig;
  /** The segment of paths. */
  readonly tenant: string;
}

/** Who is signed in; undefined for nobody. */
export const session = signal<Session | undefined>(undefined);
/** Why one has to sign in again; empty at first. */
export const signedOutBecause = signal('');
/** Whether one is signed in just now with what the tab remembers. */
export const restoring = signal(false);

const storageKey = 'boxlite-sign-in';
// Never in a component, nor anywhere that is shown.
let used: SignIn | undefined;
// Who signs out or in meanwhile is not taken back by an answer that comes late.
let turn = 0;

/** The server that this page came from; the page is `dashboard/` below it. */
const serverUrl = (): URL => new URL('..', location.href.split(/[?#]/)[0]);

/** Signs in; in `sessionStorage` only if it is to be remembered for this tab. Rejects with the server's error. */
export async function signIn(given: SignIn, remember: boolean): Promise<void> {
  const mine = ++turn;
  const first = open(given, undefined);
  const me = await first.me();
  const tenant = me.pathPrefix ?? me.tenants?.[0] ?? 'default';
  const runtime = open(given, tenant);
  const config = await runtime.config();
  if (mine !== turn) return;
  used = given;
  if (remember) sessionStorage.setItem(storageKey, JSON.stringify(given));
  else sessionStorage.removeItem(storageKey);
  signedOutBecause.value = '';
  session.value = { runtime, me, config, tenant };
}

/** Goes to another of the caller's tenants. */
export async function changeTenant(tenant: string): Promise<void> {
  const now = session.value;
  if (now === undefined || used === undefined) return;
  const mine = ++turn;
  const runtime = open(used, tenant);
  const config = await runtime.config();
  if (mine === turn) session.value = { ...now, runtime, config, tenant };
}

/** Forgets what was signed in with, everywhere; the reason is told at the form. */
export function signOut(reason = ''): void {
  turn++;
  used = undefined;
  sessionStorage.removeItem(storageKey);
  signedOutBecause.value = reason;
  session.value = undefined;
}

/** Signs in with what this tab remembers, if it does. */
export async function restore(): Promise<void> {
  const remembered = readRemembered();
  if (remembered === undefined) return;
  restoring.value = true;
  try {
    await signIn(remembered, true);
  } catch (error) {
    if (error instanceof UnauthorizedError) signOut('What this tab remembered is no longer accepted. Sign in again.');
    else signedOutBecause.value = said(error);
  } finally {
    restoring.value = false;
  }
}

/** The sentence of an error. One that says that the credential is no longer good ends the session. */
export function said(error: unknown): string {
  if (error instanceof UnauthorizedError && session.value !== undefined)
    signOut('Your credential has expired or was revoked. Sign in again to go on where you were.');
  if (error instanceof NetworkError && error.cause !== undefined && error.message.startsWith('cannot reach'))
    return 'The server does not answer. What is asked again goes on by itself once it does.';
  return error instanceof Error ? error.message : String(error);
}

function open(given: SignIn, pathPrefix: string | undefined): Boxlite {
  const credential: Credential =
    given.kind === 'key'
      ? new ApiKeyCredential(given.key)
      : new ClientCredentials({ clientId: given.id, clientSecret: given.secret });
  // The page came the same way, and the form says so where that is unencrypted.
  const plainHttp = location.protocol === 'http:';
  return Boxlite.rest({ url: serverUrl(), credential, plainHttp, ...(pathPrefix !== undefined && { pathPrefix }) });
}

function readRemembered(): SignIn | undefined {
  try {
    const { kind, key, id, secret } = JSON.parse(sessionStorage.getItem(storageKey) ?? '{}');
    if (kind === 'key' && typeof key === 'string') return { kind, key };
    if (kind === 'client' && typeof id === 'string' && typeof secret === 'string') return { kind, id, secret };
  } catch {
    sessionStorage.removeItem(storageKey);
  }
  return undefined;
}
