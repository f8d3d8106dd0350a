import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { App } from '../app.ts';
import { errorAnswer } from '../http/error-answer.ts';
import { generationOf } from '../http/generation.ts';
import { HttpError } from '../http/http-error.ts';
import { asResponse, isWhole, type Reply } from '../http/reply.ts';
import { requestId } from '../http/request-id.ts';
import { refusal } from '../http/respond.ts';
import { answerBadRequest } from './bad-request.ts';
import { readCertificate, type TlsOptions, watchCertificate } from './certificate.ts';
import { type ConnectionLimits, defaultLimits } from './connection-limits.ts';
import { refuse } from './refuse.ts';
import { tellStillWorking } from './still-working.ts';
import { turnEnd } from './turn-end.ts';
import { writeReply } from './write-reply.ts';

/** Options of {@link listen}. */
export interface ListenOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 chooses a free one. */
  readonly port: number;
  /** Speaks TLS, and nothing else on this port. @default plain HTTP */
  readonly tls?: TlsOptions;
  /** What a client may take of connections and time. @default see {@link ConnectionLimits} */
  readonly limits?: Partial<ConnectionLimits>;
}

/** How a server stops listening. */
export interface CloseOptions {
  /** How long requests under way may take to end, in milliseconds. @default 5,000 */
  readonly graceMs?: number;
}

/** A server that listens. */
export interface Listening {
  /** Without a trailing slash. */
  readonly url: string;
  /** The port that it listens on, as it was given or chosen. */
  readonly port: number;
  /** Takes up the certificate that is in the files now; nothing without TLS. */
  reloadCertificate(): Promise<void>;
  /**
   * Takes no more requests and waits `graceMs` (5,000) for those under way. What is left then gets all that was written
   * and no proper end, so that its clients know it for cut and resume. Twice is fine.
   */
  close(options?: CloseOptions): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

// A client that takes nothing any more does not hold the server's end up.
const cutMs = 1000;

/** Serves an app over HTTP/1.1; rejects when the address or the certificate cannot be taken. */
export async function listen(app: App, options: ListenOptions): Promise<Listening> {
  const host = options.host ?? '127.0.0.1';
  const limits = { ...defaultLimits, ...options.limits };
  const sockets = new Set<Socket>();
  // Those over which HTTP is spoken; with TLS, a handshake comes before.
  const talking = new Set<Socket>();
  // Whose request was answered before all of it was there: what is wrong with the rest gets no second answer.
  const unfinished = new WeakSet<Duplex>();
  let closing: Promise<void> | undefined;

  async function send(reply: Reply, outgoing: ServerResponse): Promise<void> {
    if (isWhole(reply)) await turnEnd();
    // After a refusal in the middle of a body, what follows on the connection is not a request.
    const last = closing || reply.status === 413 || reply.status === 408;
    // A `Connection` of the answer itself, such as that of a 426, would hide from Node that the client wants no more.
    const shown = last || !outgoing.shouldKeepAlive ? closingReply(reply) : reply;
    const { req: incoming } = outgoing;
    if (!incoming.complete) {
      unfinished.add(incoming.socket);
      incoming.once('end', () => unfinished.delete(incoming.socket));
    }
    await writeReply(shown, outgoing, limits.stallTimeoutMs);
    if (closing) outgoing.once('finish', () => setImmediate(() => server.closeIdleConnections()));
  }
  const answer = getRequestListener(
    (request, { outgoing }) => {
      if (!(outgoing instanceof ServerResponse)) return RESPONSE_ALREADY_SENT;
      const stopTelling = tellStillWorking(outgoing, limits.processingMs);
      app
        .reply(request)
        .finally(stopTelling)
        .then((reply) => send(reply, outgoing))
        .catch(() => outgoing.destroy());
      // Nothing is left to do for who waits: a promise that is never kept is let go of with the request.
      return new Promise<Response>(() => {});
    },
    { overrideGlobalObjects: false, errorHandler: () => asResponse(unreadable({})) },
  );
  const how = {
    // Uploads may take long; bodies that are read whole have their own limit.
    requestTimeout: 0,
    headersTimeout: limits.headTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    connectionsCheckingInterval: Math.min(5000, limits.headTimeoutMs),
    maxHeaderSize: limits.maxHeaderBytes,
    // A peer that vanished without a word is noticed by the kernel.
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    shouldUpgradeCallback: (request: IncomingMessage) => request.headers.upgrade?.toLowerCase() === 'websocket',
  };
  const respond = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    if (hasOneHost(incoming)) void answer(incoming, outgoing);
    else void writeReply(closingReply(twoHosts(incoming)), outgoing);
  };
  const { tls } = options;
  const secure =
    tls &&
    createSecureServer({ ...how, ...(await readCertificate(tls)), handshakeTimeout: limits.headTimeoutMs }, respond);
  const server: Server = secure ?? createServer(how, respond);
  const watch = tls && secure && watchCertificate(tls, (certificate) => secure.setSecureContext(certificate));
  server.maxConnections = limits.maxConnections;
  const keep = (set: Set<Socket>) => (socket: Socket) => {
    set.add(socket);
    socket.once('close', () => set.delete(socket));
  };
  server.on('connection', keep(sockets));
  server.on(secure ? 'secureConnection' : 'connection', keep(talking));
  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    const taken = hasOneHost(request) ? app.upgrade(request, socket, head) : refuse(twoHosts(request), request, socket);
    taken.catch(() => socket.destroy());
  });
  server.on('connect', (request: IncomingMessage, socket, head) => {
    const taken = hasOneHost(request) ? app.connect(request, socket, head) : refuse(twoHosts(request), request, socket);
    taken.catch(() => socket.destroy());
  });
  server.on('clientError', (error, socket) => {
    if (unfinished.has(socket)) socket.end();
    else answerBadRequest(error, socket);
  });
  server.on('checkExpectation', ({ headers }: IncomingMessage, outgoing: ServerResponse) => {
    void writeReply(unreadable(headers, 417, 'only Expect: 100-continue is understood'), outgoing);
  });
  // A handshake that fails has no HTTP to be answered in.
  secure?.on('tlsClientError', (_error, socket) => socket.destroy());
  try {
    await bound(server, host, options.port);
  } catch (error) {
    watch?.close();
    throw error;
  }

  function close({ graceMs = 5000 }: { readonly graceMs?: number } = {}): Promise<void> {
    closing ??= new Promise((resolve) => {
      app.drain();
      watch?.close();
      const end = setTimeout(() => {
        for (const socket of talking) socket.destroySoon();
      }, graceMs);
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs + cutMs);
      server.close(() => {
        clearTimeout(end);
        clearTimeout(cut);
        resolve();
      });
      server.closeIdleConnections();
      // Node counts a connection that has not sent anything as busy; clients open such ones in advance.
      for (const socket of talking) if (socket.bytesRead === 0) socket.destroy();
    });
    return closing;
  }

  const { port } = addressOf(server);
  const url = `${secure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const reloadCertificate = async (): Promise<void> => watch?.reload();
  return { url, port, reloadCertificate, close, [Symbol.asyncDispose]: () => close() };
}

/** Node takes the first of several; who stands before this server may take another (RFC 9112, section 3.2). */
function hasOneHost({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts <= 1;
}

function twoHosts({ headers }: IncomingMessage): Reply {
  return unreadable(headers, 400, 'malformed request: it has more than one Host header');
}

function closingReply(reply: Reply): Reply {
  const { connection, ...headers } = reply.headers;
  return { ...reply, headers: { ...headers, connection: connection === undefined ? 'close' : `${connection}, close` } };
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
): Reply {
  const id = requestId(given?.toString());
  return refusal(errorAnswer(new HttpError(status, 'InvalidArgumentError', message), id), generationOf(authorization));
}
