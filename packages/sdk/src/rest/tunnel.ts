import { openTunnel, openTunnelResponse, streamTunnel } from '@boxlite/api';
import { query } from '@boxlite/rest';
import type { CallOptions } from '../backend/backend.ts';
import type { ByteConnection } from '../backend/network.ts';
import { InternalError, NetworkError, UnsupportedError } from '../errors.ts';
import { type TunnelEnd, tunnelEnd } from '../tunnel/tunnel-end.ts';
import type { Connection } from './connection.ts';
import { eventError } from './rest-error.ts';

/** Connects to a TCP port of a box on a server, over a WebSocket: it works in browsers, too. */
export async function restTunnel(
  connection: Connection,
  box: string,
  port: number,
  call: CallOptions = {},
): Promise<ByteConnection> {
  const { ticket } = await connection.send(query(openTunnel({ box, port }), openTunnelResponse), call);
  if (!ticket)
    throw new UnsupportedError('this server gives tunnels by HTTP CONNECT only, which this client cannot send');
  const url = connection.client.resolve(streamTunnel({ box, port, ticket }));
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = new URLSearchParams({ port: `${port}`, ticket }).toString();
  call.signal?.throwIfAborted();
  return open(new WebSocket(url), `${url.protocol}//${url.host}${url.pathname}`, {
    signal: call.signal,
    // Longer than a server may take to reach the port.
    withinMs: 1.5 * connection.idleTimeoutMs,
  });
}

/** Waits for the server's first message, which says whether the port answered. */
async function open(
  socket: WebSocket,
  where: string,
  { signal, withinMs }: { readonly signal: AbortSignal | undefined; readonly withinMs: number },
): Promise<ByteConnection> {
  const opened = Promise.withResolvers<ByteConnection>();
  let end: TunnelEnd | undefined;
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const message = data instanceof ArrayBuffer ? new Uint8Array(data) : String(data);
    if (end) return end.receive(message);
    const answer = typeof message === 'string' ? first(message) : undefined;
    if (answer !== 'open') {
      opened.reject(answer ?? new InternalError(`the server's tunnel ${where} begins with what no tunnel begins with`));
      return socket.close();
    }
    const wire = {
      send: (piece: string | Uint8Array<ArrayBuffer>) => socket.send(piece),
      close: (code: number) => closeWith(socket, code),
    };
    end = tunnelEnd(wire);
    opened.resolve(end.connection);
  });
  const lost = (why: string) => (): void => {
    const error = new NetworkError(`the tunnel ${where} ${why}`);
    opened.reject(error);
    end?.lost(error);
  };
  socket.addEventListener('error', lost('could not be opened or broke; check that the server allows WebSockets'));
  socket.addEventListener('close', lost('was closed by the server'));
  const abort = (): void => {
    opened.reject(signal?.reason);
    socket.close();
  };
  signal?.addEventListener('abort', abort, { once: true });
  const late = setTimeout(() => {
    lost(`did not open within ${withinMs / 1000} s`)();
    socket.close();
  }, withinMs);
  try {
    return await opened.promise;
  } finally {
    clearTimeout(late);
    signal?.removeEventListener('abort', abort);
  }
}

// A browser may close with 1000 and codes of applications only.
function closeWith(socket: WebSocket, code: number): void {
  if (code === 1000) socket.close(1000);
  else socket.close(4000, `tunnel failed: ${code}`);
}

/** `open`, or the error in place of it; undefined for anything else. */
function first(text: string): 'open' | Error | undefined {
  try {
    const message: unknown = JSON.parse(text);
    const type = Object(message)['type'];
    if (type === 'open') return 'open';
    return type === 'error' ? eventError(message) : undefined;
  } catch {
    return undefined;
  }
}
