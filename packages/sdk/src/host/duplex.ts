/// <reference types="node" />
import type { Duplex } from 'node:stream';
import type { ByteConnection } from '../backend/network.ts';
import { NetworkError } from '../errors.ts';

/**
 * A connected socket as a connection: each direction ends by itself (if made with `allowHalfOpen`), and a slow reader
 * holds the sender back. `assertWhole` is asked before an end is told, and rejects when it was none.
 */
export function duplexConnection(socket: Duplex, assertWhole?: () => Promise<void>): ByteConnection {
  const bytes = socket.iterator({ destroyOnReturn: false });
  const failure = (error: unknown): NetworkError =>
    error instanceof NetworkError
      ? error
      : new NetworkError(`the connection broke: ${String(error)}`, { cause: error });
  let broken: Error | undefined;
  socket.on('error', (error: Error) => {
    broken ??= error;
  });
  const readable = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await bytes.next();
          if (!done) return controller.enqueue(value);
          await assertWhole?.();
          controller.close();
        } catch (error) {
          throw failure(error);
        }
      },
      // What still comes is taken and dropped: the other direction may have bytes yet. Not waited for, as a read that is
      // under way waits for bytes, which may never come.
      cancel() {
        const dropped = (): void => void socket.resume();
        bytes.return?.().then(dropped, dropped);
      },
    },
    { highWaterMark: 0 },
  );
  const writable = new WritableStream<Uint8Array>({
    // Not `abort`, which waits for the write under way, which may wait for a reader.
    start(controller) {
      controller.signal.addEventListener('abort', () => reset(socket));
    },
    async write(chunk) {
      if (socket.destroyed) throw failure(broken ?? new Error('it is closed'));
      if (!socket.write(chunk)) await drained(socket).catch((error) => Promise.reject(failure(error)));
    },
    async close() {
      if (socket.destroyed) throw failure(broken ?? new Error('it is closed'));
      const sent = Promise.withResolvers<void>();
      socket.end(sent.resolve).once('close', sent.resolve);
      await sent.promise;
    },
  });
  return { readable, writable, close: async () => void socket.destroy() };
}

/** Breaks it so that the other side knows, where that is possible: an end would look as if all had been said. */
function reset(socket: Duplex): void {
  try {
    if ('resetAndDestroy' in socket && typeof socket.resetAndDestroy === 'function') socket.resetAndDestroy();
  } catch {
    // Not TCP.
  }
  socket.destroy();
}

function drained(socket: Duplex): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      socket.off('drain', done).off('close', closed).off('error', reject);
      resolve();
    };
    const closed = (): void => {
      socket.off('drain', done).off('error', reject);
      reject(new Error('it is closed'));
    };
    socket.once('drain', done).once('close', closed).once('error', reject);
  });
}
