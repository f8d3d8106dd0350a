import { connect, type Socket } from 'node:net';

/** Requests that a server answers in a second, over so many connections that each send the next after an answer. */
export async function requestRate(
  url: string,
  {
    path,
    headers,
    count,
    connections,
  }: {
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly count: number;
    readonly connections: number;
  },
): Promise<number> {
  const { hostname, port, host } = new URL(url);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  let left = count;
  const one = async (): Promise<void> => {
    const socket = connect(Number(port), hostname);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.setNoDelay(true).once('connect', resolve).once('error', reject);
    await promise;
    while (left-- > 0) await answered(socket, request);
    socket.destroy();
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: connections }, one));
  return count / ((performance.now() - began) / 1000);
}

/** Sends a request and reads its whole answer; fails unless that is a 200 with its length. */
function answered(socket: Socket, request: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const take = (piece: Buffer): void => {
      text += piece.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
      const right = text.startsWith('HTTP/1.1 200 ') && length !== undefined;
      if (right && text.length < end + 4 + Number(length)) return;
      socket.off('data', take);
      if (right) resolve();
      else reject(new Error(text.slice(0, 300)));
    };
    socket.on('data', take);
    socket.write(request);
  });
}
