import type { Socket } from 'node:net';

/** What may wait to be written to a guest that does not read, in bytes, before it is given up. */
const unwrittenMax = 32 * 1024 * 1024;

/** Writes frames to a guest, in order. Nothing is written once the socket is destroyed. */
export interface Sender {
  /** Hands the bytes to the kernel at once where there is room. */
  send(bytes: Buffer): void;
  /** For what nobody takes as sent yet: all of one turn of the event loop travels together, and wakes the guest once. */
  sendSoon(bytes: Buffer): void;
  /** Hands over what `sendSoon` holds. */
  flush(): void;
}

/** A sender; calls `stuck` when more than 32 MiB wait. */
export function createSender(socket: Socket, stuck: () => void): Sender {
  let held: Buffer[] = [];
  const write = (bytes: Buffer): void => {
    if (socket.destroyed) return;
    socket.write(bytes);
    if (socket.writableLength > unwrittenMax) stuck();
  };
  const flush = (): void => {
    const [first, ...more] = held;
    if (first === undefined) return;
    held = [];
    // Not by cork: the stream's own way of writing several at once takes longer than to copy so little.
    write(more.length === 0 ? first : Buffer.concat([first, ...more]));
  };
  return {
    send(bytes) {
      flush();
      write(bytes);
    },
    sendSoon(bytes) {
      if (held.push(bytes) === 1) process.nextTick(flush);
    },
    flush,
  };
}
