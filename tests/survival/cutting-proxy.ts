import { connect, createServer, type Socket } from 'node:net';

/**
 * Where a connection is cut: before the server has the request, when its answer is there, or in the middle of that. A
 * status is an answer in the server's place, which never sees the request.
 */
export type Cut = 'before' | 'after' | 'half' | 429 | 502 | 503 | 504;

/** How long an answer in the server's place says to wait. */
export const retryAfterSeconds = 7;

/** A proxy that cuts connections of requests that change something. */
export interface CuttingProxy extends AsyncDisposable {
  readonly url: string;
  /** What happens to the next such requests, one each; those after them pass. */
  readonly cuts: Cut[];
  /** The heads of such requests so far, those that were cut among them. */
  readonly heads: readonly string[];
}

/** Starts one before a server on this host. */
export async function cuttingProxy(target: string): Promise<CuttingProxy> {
  const { port: serverPort } = new URL(target);
  const cuts: Cut[] = [];
  const heads: string[] = [];
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
      if (/^(POST|PUT|PATCH|DELETE) /.test(bytes.subarray(0, 7).toString())) {
        cut = cuts.shift();
        heads.push(bytes.toString('latin1').split('\r\n\r\n')[0] ?? '');
      }
      if (typeof cut === 'number') {
        const answer = `HTTP/1.1 ${cut} Later\r\nretry-after: ${retryAfterSeconds}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`;
        client.end(answer);
      } else if (cut === 'before') end();
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
    heads,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
