import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { errorAnswer } from '../http/error-answer.ts';
import { generationOf } from '../http/generation.ts';
import { HttpError } from '../http/http-error.ts';
import type { Reply } from '../http/reply.ts';
import { requestId } from '../http/request-id.ts';
import { refusal } from '../http/respond.ts';
import type { UpgradeSlot } from '../terminal/upgrade-slot.ts';
import { refuse } from './refuse.ts';

const maxPayloadBytes = 16 * 1024 * 1024;

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;

/** Handles `upgrade` events: asks the app like any request, then opens the WebSocket or writes the app's refusal. */
export function upgrader(ask: (request: Request, upgrade: UpgradeSlot) => Promise<Reply>): Upgrade {
  const server = new WebSocketServer({ noServer: true, maxPayload: maxPayloadBytes, handleProtocols: () => false });
  server.on('wsClientError', (error, socket, request) => {
    void refuse(refusedHandshake(error, request.headers), request, socket);
  });

  // What the app says of the request goes with the 101, too.
  const said = new WeakMap<IncomingMessage, Reply['headers']>();
  server.on('headers', (lines, request) => {
    for (const [name, value] of Object.entries(said.get(request) ?? {}))
      if (name.startsWith('x-')) lines.push(`${name}: ${value}`);
  });

  return async (incoming, socket, head) => {
    // Until ws takes over, nobody else listens: an error without a listener would end the process.
    const ignore = (): void => {};
    socket.on('error', ignore);
    const leaving = new AbortController();
    const left = (): void => leaving.abort();
    socket.once('close', left);
    const slot: UpgradeSlot = {};
    const request = asRequest(incoming, leaving.signal);
    const reply = request
      ? await ask(request, slot)
      : refusedHandshake(new Error('malformed URL or headers'), incoming.headers);
    socket.off('close', left);
    const { accept } = slot;
    if (!accept) return refuse(reply, incoming, socket);
    said.set(incoming, reply.headers);
    let open = false;
    if (!socket.destroyed) {
      socket.off('error', ignore);
      server.handleUpgrade(incoming, socket, head, (client) => {
        open = true;
        accept(client);
      });
    }
    if (!open) slot.abandon?.();
  };
}

function asRequest(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  try {
    const headers = new Headers();
    const raw = incoming.rawHeaders;
    for (let i = 0; i + 1 < raw.length; i += 2) headers.append(raw[i] ?? '', raw[i + 1] ?? '');
    const url = new URL(`http://${incoming.headers.host ?? 'localhost'}${incoming.url ?? '/'}`);
    return new Request(url, { method: incoming.method ?? 'GET', headers, signal });
  } catch {
    return undefined;
  }
}

function refusedHandshake(error: Error, { authorization, 'x-request-id': given }: IncomingHttpHeaders): Reply {
  const answer = errorAnswer(new HttpError(400, 'InvalidArgumentError', error.message), requestId(given?.toString()));
  return refusal(answer, generationOf(authorization));
}
