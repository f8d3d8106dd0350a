import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { NetworkError } from 'boxlite/backend';

/** Bytes that a socket address holds, but for the NUL at its end. */
const addressMax = 107;
const lineLimit = 1024 * 1024;

/** Connects to the network process; a path too long for a socket address goes through an open descriptor of its directory. */
export async function connectControl(path: string): Promise<Socket> {
  const directory = Buffer.byteLength(path) > addressMax ? openSync(dirname(path), 'r') : undefined;
  try {
    const reachable = directory === undefined ? path : `/proc/self/fd/${directory}/${basename(path)}`;
    const socket = createConnection({ path: reachable, allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  } finally {
    if (directory !== undefined) closeSync(directory);
  }
}

/** Reads one line and puts back what came behind it. `NetworkError` when the process ends before. */
export function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (): void => {
      socket.off('readable', read).off('close', gone).off('end', gone).off('error', gone);
    };
    const gone = (): void => {
      settle();
      reject(new NetworkError('the network process of the box has ended; stop the box and start it again'));
    };
    const read = (): void => {
      for (let chunk: unknown = socket.read(); chunk instanceof Buffer; chunk = socket.read()) {
        const end = chunk.indexOf(10);
        length += chunk.length;
        if (end < 0 && length <= lineLimit) {
          chunks.push(chunk);
          continue;
        }
        if (end < 0) {
          gone();
          return;
        }
        settle();
        chunks.push(chunk.subarray(0, end));
        if (end + 1 < chunk.length) socket.unshift(chunk.subarray(end + 1));
        resolve(Buffer.concat(chunks).toString());
        return;
      }
    };
    if (socket.destroyed || socket.readableEnded) {
      gone();
      return;
    }
    socket.on('readable', read).on('close', gone).on('end', gone).on('error', gone);
    read();
  });
}
