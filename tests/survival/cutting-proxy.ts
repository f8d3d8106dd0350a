import { connect, createServer, type Socket } from 'node:net';

/** Where a connection is cut: before the server has the request, when its answer is there, or in the middle of that. */
export type Cut = 'before' | 'after' | 'half';

/** A proxy that cuts connections of requests that change something. */
export interface CuttingProxy extends AsyncDisposable {
  readonly url: string;
  /** What happens to the next such requests, one each; those after them pass. */
  readonly cuts: Cut[];
}

/** Starts one before a server on this host. */
export async function cuttingProxy(target: string): Promise<CuttingProxy> {
  const { port: serverPort } = new URL(target);
  const cuts: Cut[] = [];
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(serverPort), '127.0.0.1');
    let cut: Cut | undefined;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', end).on('close', () => {
        open.delete(socket);
        end();
      });
    }
    client.on('data', (bytes) => {
      if (/^(POST|PUT|DELETE) /.test(bytes.subarray(0, 7).toString())) cut = cuts.shift();
      if (cut === 'before') end();
      else upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (cut === undefined) client.write(bytes);
      else if (cut === 'after') end();
      else client.write(bytes.subarray(0, bytes.length / 2), end);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    cuts,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
