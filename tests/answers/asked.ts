import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';

/** A request to be sent, but for where. */
export interface Question {
  readonly method: string;
  readonly path: string;
  /** Several values of one are a line each. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array | undefined;
  /** So much of the body never comes. */
  readonly missingBytes?: number;
}

/** What the server said, read to its end, or for a second where it has none. */
export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** The open connection of a 101 and of a `CONNECT`. */
  readonly socket: Duplex | undefined;
}

/** What makes a request one for a WebSocket. */
export const handshake: Readonly<Record<string, string>> = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** Sends a request over a connection of its own. A stream is left after its first piece. */
export function ask(url: string, { method, path, headers = {}, body, missingBytes = 0 }: Question): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const { hostname, port } = new URL(url);
  const bytes = Buffer.from(body ?? '');
  const length = body === undefined ? {} : { 'content-length': `${bytes.byteLength + missingBytes}` };
  const sent = request({ hostname, port, method, path, agent: false, headers: length });
  for (const [name, value] of Object.entries(headers)) sent.setHeader(name, value);
  const opened = ({ statusCode = 0, headers: said }: IncomingMessage, socket: Duplex): void => {
    socket.on('error', () => {});
    resolve({ status: statusCode, headers: said, body: Buffer.alloc(0), socket });
  };
  sent.once('upgrade', opened).once('connect', opened).on('error', reject);
  sent.once('response', (response) => {
    const pieces: Buffer[] = [];
    const done = (): void => {
      const { statusCode = 0, headers: said } = response;
      resolve({ status: statusCode, headers: said, body: Buffer.concat(pieces), socket: undefined });
    };
    response.on('data', (piece: Buffer) => {
      pieces.push(piece);
      if (!/^text\/event-stream/.test(response.headers['content-type'] ?? '')) return;
      done();
      sent.destroy();
    });
    response.once('end', done).on('error', done);
  });
  if (bytes.byteLength > 0) sent.write(bytes);
  if (missingBytes === 0) sent.end();
  else sent.flushHeaders();
  return promise;
}
