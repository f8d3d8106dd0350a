import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** What a proxy does to one request: leaves it be, or answers in the registry's place. */
export type Fault = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
) => 'pass' | { readonly cutAfter: number; readonly stall?: boolean } | 'answered';

/** A proxy before a registry, for tests of what goes wrong on the way. */
export interface FaultyProxy extends AsyncDisposable {
  readonly host: string;
  /** Every request so far: method, path, and the headers that matter. */
  readonly seen: {
    readonly url: string;
    readonly range: string | undefined;
    readonly authorization: string | undefined;
  }[];
}

/** Starts a proxy to `target` (`host:port`); `cutAfter` breaks the connection after that many bytes of
 * the answer, or with `stall` leaves it silent. */
export async function faultyProxy(target: string, fault: Fault): Promise<FaultyProxy> {
  const seen: FaultyProxy['seen'] = [];
  const server = createServer((incoming, outgoing) => {
    const { range, authorization } = incoming.headers;
    seen.push({ url: incoming.url ?? '', range, authorization });
    const what = fault(incoming, outgoing);
    if (what === 'answered') return;
    const options = { method: incoming.method, headers: { ...incoming.headers, host: target } };
    const onward = request(`http://${target}${incoming.url}`, options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      if (what === 'pass') {
        answer.pipe(outgoing);
        return;
      }
      let left = what.cutAfter;
      if (what.stall !== true) answer.on('end', () => outgoing.end());
      answer.on('data', (chunk: Buffer) => {
        if (left <= 0) return;
        const piece = chunk.subarray(0, left);
        left -= piece.length;
        outgoing.write(piece, () => {
          if (left <= 0 && what.stall !== true) outgoing.destroy();
        });
      });
    });
    onward.on('error', () => outgoing.destroy());
    onward.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    host: `127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
