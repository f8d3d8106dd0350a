import { randomBytes } from 'node:crypto';
import { type ByteConnection, boxNotFound, ResourceExhaustedError, UnauthorizedError } from 'boxlite/backend';

import type { Principal } from '../auth/principal.ts';
import { unauthorized } from '../auth/unauthorized.ts';
import type { Tenants } from '../tenants.ts';

/** What a ticket lets its bearer do: connect once to a port of a box. */
export interface TunnelGrant {
  readonly tenant: string | undefined;
  readonly box: string;
  readonly port: number;
  /** Who asked for it. */
  readonly who: Principal | undefined;
}

/** Tickets that stand for a credential where a client cannot send one: each good once, for a minute. */
export interface Tickets {
  /** `ResourceExhaustedError` while too many are open. */
  issue(grant: TunnelGrant): string;
  /** The ticket's grant, the first time; `UnauthorizedError` for one that is unknown, used or too old, or whose asker is no longer let in. */
  redeem(ticket: string): TunnelGrant;
}

const dialTimeoutMs = 60_000;

/** Connects to what a ticket grants, within a minute. */
export async function dialGrant(
  tenants: Tenants,
  { tenant, box: id, port }: TunnelGrant,
  signal: AbortSignal,
): Promise<ByteConnection> {
  const box = await tenants.backend(tenant).get(id);
  if (box === null) throw boxNotFound(id);
  return box.connect(port, { signal: AbortSignal.any([signal, AbortSignal.timeout(dialTimeoutMs)]) });
}

const lifetimeMs = 60_000;
const mostOpen = 10_000;

/** Makes a store of tickets, in memory: they end with the server. `isGood` tells whether who asked is still let in. */
export function tickets(isGood: (who: Principal) => boolean, nowMs: () => number = Date.now): Tickets {
  const open = new Map<string, { readonly grant: TunnelGrant; readonly expiresAtMs: number }>();

  /** Oldest first, so that it stops at the first that is still good. */
  function sweep(now: number): void {
    for (const [ticket, { expiresAtMs }] of open) {
      if (expiresAtMs > now) return;
      open.delete(ticket);
    }
  }

  return {
    issue(grant) {
      const now = nowMs();
      sweep(now);
      if (open.size >= mostOpen) {
        throw new ResourceExhaustedError(`${mostOpen} tunnels wait for their connection; try again in a minute`);
      }
      const ticket = randomBytes(24).toString('base64url');
      open.set(ticket, { grant, expiresAtMs: now + lifetimeMs });
      return ticket;
    },
    redeem(ticket) {
      const found = open.get(ticket);
      open.delete(ticket);
      if (found && found.expiresAtMs > nowMs()) {
        const { who } = found.grant;
        if (who === undefined || isGood(who)) return found.grant;
        throw unauthorized('the credential that opened this tunnel is expired or revoked', true);
      }
      throw new UnauthorizedError('the ticket of this tunnel is unknown, used or older than a minute; open another');
    },
  };
}
