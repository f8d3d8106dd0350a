import type { OutputCursor } from 'boxlite/backend';
import type { WebSocket } from 'ws';

const missedIntervals = 3;

/** Knows what of a WebSocket's output its client has taken, and whether the client is there at all. */
export interface Receipts {
  /** Everything up to here has been sent. */
  sent(cursor: OutputCursor): void;
  /** The client has answered the end: it has taken everything. */
  all(): void;
  /** Asks no more. */
  stop(): void;
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
 * here and more was sent, or after the interval. A client that leaves three in a row unanswered, and takes nothing, is gone.
 */
export function receipts(socket: WebSocket, options: ReceiptsOptions): Receipts {
  let reached: OutputCursor | undefined;
  let number = 0;
  let missed = 0;
  let buffered = 0;
  const asked = new Map<number, OutputCursor | undefined>();

  function ask(): void {
    number++;
    asked.set(number, reached);
    socket.ping(`${number}`);
  }

  socket.on('pong', (data) => {
    missed = 0;
    const answered = Number(data.toString());
    if (!asked.has(answered)) return;
    const cursor = asked.get(answered);
    for (const earlier of asked.keys()) if (earlier <= answered) asked.delete(earlier);
    if (cursor) options.onTaken(cursor);
    if (asked.size === 0 && cursor !== reached) ask();
  });
  socket.on('message', () => {
    missed = 0;
  });

  const beating = setInterval(() => {
    // While the command takes no input nothing is read from the client, not even its pongs.
    const moves = socket.isPaused || socket.bufferedAmount < buffered;
    buffered = socket.bufferedAmount;
    missed = moves ? 0 : missed + 1;
    if (missed > missedIntervals) return socket.terminate();
    if (asked.size <= missedIntervals) ask();
    else socket.ping();
  }, options.heartbeatMs);
  ask();

  return {
    sent(cursor) {
      reached = cursor;
      if (asked.size === 0) ask();
    },
    all: () => reached && options.onTaken(reached),
    stop: () => clearInterval(beating),
  };
}
