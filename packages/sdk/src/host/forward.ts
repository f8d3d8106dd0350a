/// <reference types="node" />
import type { AddressInfo, Socket } from 'node:net';
import type { ByteConnection } from '../backend/network.ts';
import { InvalidStateError, UnsupportedError } from '../errors.ts';
import { joinConnections } from '../tunnel/join.ts';
import { duplexConnection } from './duplex.ts';

/** Where a forward listens on this host. */
export interface ForwardOptions {
  /** @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** 0 chooses a free one. @default 0 */
  readonly port?: number | undefined;
}

/** A TCP port of this host that leads into a box. Leaving an `await using` block closes it. */
export interface Forward extends AsyncDisposable {
  /** The address that it listens on. */
  readonly host: string;
  /** The port that it listens on, as it was given or chosen. */
  readonly port: number;
  /** Takes no more connections and ends those there are. Twice is fine. */
  close(): Promise<void>;
}

/** Listens, and joins each connection to one of its own from `connect`; where that fails, the connection is reset. */
export async function forward(connect: () => Promise<ByteConnection>, options: ForwardOptions): Promise<Forward> {
  const { process } = globalThis as { process?: NodeJS.Process };
  const net = process?.getBuiltinModule?.('node:net');
  if (!net) throw new UnsupportedError('forward needs Node, Deno or Bun; use connect here');
  const { host = '127.0.0.1', port = 0 } = options;
  const sockets = new Set<Socket>();
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    connect().then(
      (connection) => joinConnections(duplexConnection(socket), connection),
      () => socket.resetAndDestroy(),
    );
  });
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(port, host, () => listening.resolve());
  await listening.promise.catch((cause: NodeJS.ErrnoException) => {
    throw new InvalidStateError(`cannot listen on port ${port} of ${host} (${cause.code}); choose another port`, {
      cause,
    });
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
    return closing;
  };
  const address = server.address() as AddressInfo;
  return { host: address.address, port: address.port, close, [Symbol.asyncDispose]: close };
}
