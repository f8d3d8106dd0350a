import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that listens on loopback; disposing it ends it with its connections. */
export interface Listening extends AsyncDisposable {
  readonly url: string;
}

/** Lets a server listen on a port; 0 takes a free one. */
export async function listening(server: Server, port: number): Promise<Listening> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
