import { type RawData, WebSocket } from 'ws';
import { errorAnswer } from '../http/error-answer.ts';
import { JsonTextError } from '../http/json-text.ts';
import type { InputQueue } from './input-queue.ts';

/** How many bytes may wait in either direction: for the network, or for the command. */
export const bufferLimitBytes: number = 1024 * 1024;

/** A WebSocket to a client that types and reads: bounded in both directions. */
export interface SocketLink {
  say(message: object): void;
  /** Says what went wrong, as far as the client may know. */
  sayError(error: unknown): void;
  /** Sends bytes; resolves once more may be sent. */
  send(data: Uint8Array): Promise<void>;
  /** Reads no more from the client until the queue has room. */
  holdBack(queue: InputQueue): void;
}

/** The bounded side of an open WebSocket. */
export function socketLink(socket: WebSocket, requestId: string): SocketLink {
  const say = (message: object): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
  return {
    say,
    sayError(error) {
      say({
        type: 'error',
        message: error instanceof JsonTextError ? error.message : errorAnswer(error, requestId).message,
      });
    },
    send: (data) =>
      new Promise((resolve, reject) => {
        const sent = (error?: Error | null): void => (error ? reject(error) : resolve());
        if (socket.bufferedAmount < bufferLimitBytes) {
          socket.send(data, { binary: true }, (error) => error && reject(error));
          resolve();
        } else socket.send(data, { binary: true }, sent);
      }),
    holdBack(queue) {
      if (!queue.full || socket.isPaused) return;
      socket.pause();
      void queue.room().then(() => socket.resume());
    },
  };
}

/** A message in one piece. */
export function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
