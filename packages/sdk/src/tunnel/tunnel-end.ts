import type { ByteConnection } from '../backend/network.ts';
import { InternalError, NetworkError, StoppedError } from '../errors.ts';

/** Most bytes that one side may have sent and the other not yet taken, in each direction. */
export const tunnelWindowBytes: number = 1024 * 1024;

// One message at most; a frame of the whole window would keep pings waiting.
const pieceBytes = 64 * 1024;
const joinedBytes = 1024;
// Room is given back in steps, so that not every small read costs a message.
const creditStepBytes = tunnelWindowBytes / 4;

/** The messages of a WebSocket, going out. */
export interface TunnelWire {
  /** One message: text or binary. */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** After what was sent before. */
  close(code: number): void;
}

/** One end of a tunnel over a WebSocket: a connection, fed with the messages that come in. */
export interface TunnelEnd {
  /** The bytes of the tunnel. */
  readonly connection: ByteConnection;
  /** Binary: bytes. Text: `{"type":"end"}` after the last of them, `{"type":"taken","bytes"}` for room given back. */
  receive(data: string | Uint8Array): void;
  /** The WebSocket is closed, or failed with an error: what has not ended yet breaks. */
  lost(error: Error): void;
}

/**
 * Makes either end; both speak the same. Neither end sends more than the window beyond what the other has taken, so a
 * slow reader holds the sender back, also where a WebSocket itself cannot, as in browsers.
 */
export function tunnelEnd(wire: TunnelWire): TunnelEnd {
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let takenBytes = 0;
  let room = tunnelWindowBytes;
  let moreRoom = Promise.withResolvers<void>();
  let more = Promise.withResolvers<void>();
  let sentEnd = false;
  let receivedEnd = false;
  let discards = false;
  let closed = false;
  let broken: Error | undefined;

  let writing: WritableStreamDefaultController | undefined;
  const wake = (): void => {
    if (broken) writing?.error(broken);
    more.resolve();
    moreRoom.resolve();
  };
  const close = (code: number): void => {
    if (closed) return;
    closed = true;
    wire.close(code);
  };
  const fail = (error: Error, code = 1011): void => {
    if (sentEnd && receivedEnd) return;
    broken ??= error;
    close(code);
    wake();
  };
  const say = (message: object): void => {
    if (!closed) wire.send(JSON.stringify(message));
  };
  const bothEnded = (): void => {
    if (sentEnd && receivedEnd) close(1000);
  };
  const took = (bytes: number): void => {
    takenBytes += bytes;
    if (takenBytes < creditStepBytes) return;
    if (!receivedEnd) say({ type: 'taken', bytes: takenBytes });
    takenBytes = 0;
  };
  const end = (): void => {
    if (sentEnd) return;
    sentEnd = true;
    say({ type: 'end' });
    bothEnded();
  };

  const readable = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const piece = waiting.shift();
          if (piece) {
            waitingBytes -= piece.byteLength;
            controller.enqueue(piece);
            return took(piece.byteLength);
          }
          if (receivedEnd) return controller.close();
          if (broken) throw broken;
          more = Promise.withResolvers();
          await more.promise;
        }
      },
      // What still comes is taken and dropped: the other direction may have bytes yet.
      cancel() {
        discards = true;
        waiting.length = 0;
        took(waitingBytes);
        waitingBytes = 0;
      },
    },
    { highWaterMark: 0 },
  );
  const writable = new WritableStream<Uint8Array>(
    {
      // Not `abort`, which waits for the write under way, which may wait for room.
      start(controller) {
        writing = controller;
        controller.signal.addEventListener('abort', () => fail(closedHere()));
      },
      async write(chunk) {
        for (let at = 0; at < chunk.byteLength; ) {
          if (broken) throw broken;
          if (room === 0) {
            moreRoom = Promise.withResolvers();
            await moreRoom.promise;
            continue;
          }
          const length = Math.min(pieceBytes, room, chunk.byteLength - at);
          room -= length;
          wire.send(new Uint8Array(chunk.subarray(at, at + length)));
          at += length;
        }
      },
      close() {
        if (broken) throw broken;
        end();
      },
    },
    { highWaterMark: 1 },
  );

  /** Small pieces are joined: a million of one byte would take far more memory than a window. */
  function keep(data: Uint8Array): void {
    const last = waiting.at(-1);
    const joined = (last?.byteLength ?? 0) + data.byteLength;
    if (!last || joined > joinedBytes) return void waiting.push(data);
    const both = new Uint8Array(joined);
    both.set(last);
    both.set(data, last.byteLength);
    waiting[waiting.length - 1] = both;
  }

  function receiveText(text: string): void {
    const message: unknown = parsed(text);
    const type = field(message, 'type');
    if (type === 'end') {
      receivedEnd = true;
      wake();
      bothEnded();
      return;
    }
    const bytes = field(message, 'bytes');
    if (type !== 'taken' || typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 1) {
      fail(new InternalError('the other end of the tunnel sent a message that is none of a tunnel'), 1002);
    } else if (room + bytes > tunnelWindowBytes) {
      fail(new InternalError('the other end of the tunnel took more than it was sent'), 1002);
    } else {
      room += bytes;
      moreRoom.resolve();
    }
  }

  return {
    connection: {
      readable,
      writable,
      async close() {
        fail(closedHere(), 1000);
      },
    },
    receive(data) {
      if (broken || closed) return;
      if (typeof data === 'string') return receiveText(data);
      if (receivedEnd) return fail(new InternalError('the other end of the tunnel sent bytes after its end'), 1002);
      if (discards) return took(data.byteLength);
      waitingBytes += data.byteLength;
      if (waitingBytes > tunnelWindowBytes) {
        return fail(new InternalError('the other end of the tunnel sent more than there was room for'), 1009);
      }
      keep(data);
      more.resolve();
    },
    lost(error) {
      closed = true;
      if (sentEnd && receivedEnd) return;
      broken ??= error instanceof NetworkError ? error : new NetworkError(`the tunnel broke: ${error.message}`);
      wake();
    },
  };
}

const closedHere = (): StoppedError => new StoppedError('the tunnel was closed on this side');

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
