import type { OutputCursor } from 'boxlite/backend';
import type { WebSocket } from 'ws';
import { heartbeat, missedBeats } from '../terminal/heartbeat.ts';

/** Knows what of a WebSocket's output its client has taken, and whether the client is there at all. */
export interface Receipts {
  /** Everything up to here has been sent. */
  sent(cursor: OutputCursor): void;
  /** The client has answered the end: it has taken everything. */
  all(): void;
}

export interface ReceiptsOptions {
  /** Time between pings while there is nothing else to ask for. */
  readonly heartbeatMs: number;
  /** Told of what the client has taken for certain. */
  readonly onTaken: (cursor: OutputCursor) => void;
}

/**
 * Pings ask for receipts: a client answers them in order, so that the pong of one says that all before it was taken.
 * One is sent at once, for clients that drop a connection on which nothing comes; the next follows when its pong is
 * here and more was sent, or with the heartbeat.
 */
export function receipts(socket: WebSocket, options: ReceiptsOptions): Receipts {
  let reached: OutputCursor | undefined;
  let number = 0;
  const asked = new Map<number, OutputCursor | undefined>();

  function ask(): void {
    number++;
    asked.set(number, reached);
    socket.ping(`${number}`);
  }

  socket.on('pong', (data) => {
    const answered = Number(data.toString());
    if (!asked.has(answered)) return;
    const cursor = asked.get(answered);
    for (const earlier of asked.keys()) if (earlier <= answered) asked.delete(earlier);
    if (cursor) options.onTaken(cursor);
    if (asked.size === 0 && cursor !== reached) ask();
  });
  heartbeat(socket, {
    everyMs: options.heartbeatMs,
    beat() {
      if (asked.size <= missedBeats) ask();
      else socket.ping();
    },
  });
  ask();

  return {
    sent(cursor) {
      reached = cursor;
      if (asked.size === 0) ask();
    },
    all: () => reached && options.onTaken(reached),
  };
}
