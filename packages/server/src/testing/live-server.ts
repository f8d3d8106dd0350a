import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { AppOptions } from '../app.ts';
import { type Listening, type ListenOptions, listen } from '../node/listen.ts';
import { type TestServer, testKey, testServer } from './test-server.ts';

/** A test server on a real port, closed when the test ends. */
export interface LiveServer extends TestServer {
  readonly listening: Listening;
  /** Asks over the network, with the key. */
  call(method: string, path: string, init?: RequestInit): Promise<Response>;
  /** Sends bytes and gives all that comes back until the server closes the connection. */
  raw(text: string): Promise<string>;
  /** A connection that stays open. */
  connect(): Promise<Socket>;
}

/** Starts one. */
export async function liveServer(
  options: Partial<AppOptions> = {},
  how: Omit<ListenOptions, 'port'> = {},
): Promise<LiveServer> {
  const server = testServer(options);
  const listening = await listen(server.app, { ...how, port: 0 });
  onTestFinished(() => listening.close({ graceMs: 0 }));
  const open = async (): Promise<Socket> => {
    const socket = connect(listening.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once('connect', resolve);
    socket.once('error', reject);
    await promise;
    return socket;
  };
  return {
    ...server,
    listening,
    connect: open,
    call(method, path, init = {}) {
      const headers = { authorization: `Bearer ${testKey}`, ...init.headers };
      return fetch(`${listening.url}${path}`, { ...init, method, headers });
    },
    async raw(text) {
      const socket = await open();
      let received = '';
      socket.setEncoding('latin1').on('data', (data) => {
        received += data;
      });
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.once('close', () => resolve());
      socket.on('error', () => {});
      socket.write(text, 'latin1');
      await promise;
      return received;
    },
  };
}
