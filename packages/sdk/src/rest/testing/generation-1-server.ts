import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as the server saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Answer = (seen: Seen, response: ServerResponse) => void | Promise<void>;

export interface Generation1Server extends AsyncDisposable {
  readonly url: string;
  readonly seen: Seen[];
}

/** A server on a free port that answers by hand, `METHOD /path` by `METHOD /path`; what it does not know is a 404. */
export async function serve(answers: Readonly<Record<string, Answer>>): Promise<Generation1Server> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
    seen.push(one);
    const answer = answers[`${method} ${url.split('?')[0]}`];
    if (answer) await answer(one, response);
    else json(response, 404, { error: { message: `nothing at ${method} ${url}`, type: 'NotFoundError', code: 404 } });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with JSON. */
export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** A box as this protocol spells it. */
export const box = {
  box_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  name: 'demo',
  status: 'running',
  created_at: '2026-02-01T10:00:00Z',
  updated_at: '2026-02-01T10:00:01Z',
  image: 'alpine:latest',
  cpus: 2,
  memory_mib: 1024,
  labels: {},
} as const;

/** Where that box and its execution are. */
export const boxPath: string = `/v1/default/boxes/${box.box_id}`;
export const executionPath: string = `${boxPath}/executions/e1`;

/** A piece of output to send. */
export interface Piece {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

/** The events of an execution after a cursor, as text; ids only when asked for. */
export function sse(pieces: readonly Piece[], lastEventId: string | undefined, exit: string, ids = true): Buffer {
  const [out = 0, err = 0] = (ids ? (lastEventId ?? '0.0') : '0.0').split('.').map(Number);
  const had = { stdout: out, stderr: err };
  const reached = { stdout: 0, stderr: 0 };
  let text = ': hello\r\n\r\n';
  for (const { stream, data } of pieces) {
    const start = reached[stream];
    reached[stream] += data.length;
    const fresh = data.subarray(Math.max(0, had[stream] - start));
    if (fresh.length === 0) continue;
    const id = ids ? `id: ${Math.max(reached.stdout, out)}.${Math.max(reached.stderr, err)}\r\n` : '';
    text += `event: ${stream}\r\n${id}data: {"data": "${Buffer.from(fresh).toString('base64')}"}\r\n\r\n`;
  }
  return Buffer.from(`${text}${exit}`);
}

/** The exit event. */
export function exitText(fields: object): string {
  return `event: exit\r\ndata: ${JSON.stringify(fields)}\r\n\r\n`;
}
