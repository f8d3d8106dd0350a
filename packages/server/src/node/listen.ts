import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { App } from '../app.ts';
import { errorAnswer } from '../http/error-answer.ts';
import { generationOf } from '../http/generation.ts';
import { HttpError } from '../http/http-error.ts';
import { requestId } from '../http/request-id.ts';
import { refusal } from '../http/respond.ts';
import { answerBadRequest } from './bad-request.ts';
import { writeResponse } from './write-response.ts';

/** Options of {@link listen}. */
export interface ListenOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 chooses a free one. */
  readonly port: number;
}

/** A server that listens. */
export interface Listening {
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, waits `graceMs` (5,000) for those under way, then cuts what is left. Twice is fine. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const headersTimeoutMs = 30_000;
// Longer than clients keep an idle connection, so that none is closed under a request.
const keepAliveTimeoutMs = 100_000;

/** Serves an app over HTTP/1.1; rejects when the address cannot be taken. */
export async function listen(app: App, options: ListenOptions): Promise<Listening> {
  const host = options.host ?? '127.0.0.1';
  const sockets = new Set<Socket>();
  let closing: Promise<void> | undefined;

  async function send(response: Response, outgoing: ServerResponse): Promise<void> {
    // After a refusal in the middle of a body, what follows on the connection is not a request.
    if (closing || response.status === 413 || response.status === 408) outgoing.setHeader('connection', 'close');
    await writeResponse(response, outgoing);
    if (closing) outgoing.once('finish', () => setImmediate(() => server.closeIdleConnections()));
  }
  const answer = getRequestListener(
    async (request, { outgoing }) => {
      if (outgoing instanceof ServerResponse) await send(await app.fetch(request), outgoing);
      return RESPONSE_ALREADY_SENT;
    },
    { overrideGlobalObjects: false, errorHandler: () => unreadable({}) },
  );
  const server = createServer(
    {
      // Uploads may take long; bodies that are read whole have their own limit.
      requestTimeout: 0,
      headersTimeout: headersTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === 'websocket',
    },
    (incoming, outgoing) => void answer(incoming, outgoing),
  );
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    app.upgrade(request, socket, head).catch(() => socket.destroy());
  });
  server.on('connect', (request: IncomingMessage, socket, head) => {
    app.connect(request, socket, head).catch(() => socket.destroy());
  });
  server.on('clientError', answerBadRequest);
  server.on('checkExpectation', ({ headers }: IncomingMessage, outgoing: ServerResponse) => {
    void writeResponse(unreadable(headers, 417, 'only Expect: 100-continue is understood'), outgoing);
  });
  await bound(server, host, options.port);

  function close({ graceMs = 5000 }: { readonly graceMs?: number } = {}): Promise<void> {
    closing ??= new Promise((resolve) => {
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      server.close(() => {
        clearTimeout(cut);
        resolve();
      });
      server.closeIdleConnections();
      // Node counts a connection that has not sent anything as busy; clients open such ones in advance.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    });
    return closing;
  }

  const { port } = addressOf(server);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { url, port, close, [Symbol.asyncDispose]: () => close() };
}

function bound(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address;
}

function unreadable(
  { authorization, 'x-request-id': given }: IncomingHttpHeaders,
  status = 400,
  message = 'malformed request: the URL or the Host header cannot be read',
): Response {
  const id = requestId(given?.toString());
  return refusal(errorAnswer(new HttpError(status, 'InvalidArgumentError', message), id), generationOf(authorization));
}
