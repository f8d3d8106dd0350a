import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { joinConnections } from 'boxlite/backend';
import { duplexConnection } from 'boxlite/host';
import type { WatchPrincipal } from '../auth/credential-watch.ts';
import { errorAnswer } from '../http/error-answer.ts';
import { requestId } from '../http/request-id.ts';
import { refusal } from '../http/respond.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { Log } from '../log.ts';
import type { Tenants } from '../tenants.ts';
import { dialGrant, type Tickets } from '../tunnel/tickets.ts';
import { refuse } from './refuse.ts';

/** Takes a `connect` event of a Node server. */
export type Connect = (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;

/** What tunnels need of the server. */
export interface ConnectorOptions {
  readonly tenants: Tenants;
  readonly tickets: Tickets;
  readonly limits: Limiter;
  readonly log: Log;
  readonly watch: WatchPrincipal;
}

/**
 * Answers HTTP/1.1 `CONNECT TICKET@host:port` by a connection to the port that the ticket grants: its clients send no
 * `Authorization`. What fails is an HTTP answer with the envelope.
 */
export function connector({ tenants, tickets, limits, log, watch }: ConnectorOptions): Connect {
  return async (request, socket, head) => {
    const startedMs = performance.now();
    const id = requestId(request.headers['x-request-id']?.toString());
    const leaving = new AbortController();
    const left = (): void => leaving.abort(new Error('the client went away'));
    // Until the streams take over, nobody else listens: an error without a listener would end the process.
    socket.on('error', () => {}).once('close', left);
    let principal: string | undefined;
    let over = (): void => {};
    let unwatch = (): void => {};
    const logged = (status: number, error?: unknown): void =>
      log({
        level: status >= 500 ? 'error' : 'info',
        message: 'request',
        requestId: id,
        method: 'CONNECT',
        path: '',
        status,
        durationMs: performance.now() - startedMs,
        ...(principal !== undefined && { principal }),
        ...(error !== undefined && { error }),
      });
    try {
      const grant = tickets.redeem(ticketOf(request.url ?? ''));
      const { who } = grant;
      if (who) {
        principal = who.id;
        over = limits.enter(who.root);
        unwatch = watch(who, () => socket.destroy());
      }
      const inner = await dialGrant(tenants, grant, leaving.signal);
      socket.off('close', left);
      socket.write(`HTTP/1.1 200 Connection Established\r\nX-Request-Id: ${id}\r\n\r\n`);
      logged(200);
      if (head.length > 0) socket.unshift(head);
      await joinConnections(duplexConnection(socket), inner);
    } catch (error) {
      const answer = errorAnswer(error, id);
      logged(answer.status, answer.status >= 500 ? error : undefined);
      await refuse(refusal(answer, 2), request, socket);
    } finally {
      unwatch();
      over();
    }
  };
}

/** The user part of an authority, up to a colon; empty when there is none. */
function ticketOf(authority: string): string {
  return /^([^@:]+)(?::[^@]*)?@/.exec(authority)?.[1] ?? '';
}
