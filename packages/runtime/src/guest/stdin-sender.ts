import { InvalidStateError } from 'boxlite/backend';
import { ChannelViolation } from './frame-decoder.ts';
import { stdinEofFrame, stdinFrame } from './frame-encoder.ts';
import { stdinWindow } from './frame-type.ts';

const pieceMax = 128 * 1024;

interface Waiting {
  bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** One execution's stdin: sends within the credit, in the order of the writes. */
export interface StdinSender {
  /** Where the bytes of the next write will begin. */
  offset(): number;
  write(bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void>;
  /** Ends stdin after what was written before. Twice is fine. */
  end(): void;
  /** The program has taken everything before `offset`. */
  credit(offset: number): void;
  /** Nobody reads any more: every write from now on fails, and those that wait. */
  close(reason: string): void;
  /** The channel broke. */
  fail(error: Error): void;
}

/** A sender that goes on at `offset`; how much of what came before the program has taken, the guest will tell. */
export function createStdinSender(execution: number, offset: number, send: (bytes: Buffer) => void): StdinSender {
  let sent = offset;
  let credited = Math.max(0, offset - stdinWindow);
  let ending = false;
  /** Made only when it is told: nearly every execution ends without anyone writing to it then. */
  let refusal: (() => Error) | undefined;
  let waiting: Waiting[] = [];

  const closed = (): Error => new InvalidStateError(`stdin of execution ${execution} was closed`);

  const flush = (): void => {
    let first = waiting[0];
    while (first) {
      while (first.bytes.length > 0) {
        const room = Math.min(credited + stdinWindow - sent, pieceMax);
        if (room <= 0) return;
        const piece = first.bytes.subarray(0, room);
        send(stdinFrame(execution, sent, piece));
        sent += piece.length;
        first.bytes = first.bytes.subarray(piece.length);
      }
      waiting.shift();
      first.resolve();
      first = waiting[0];
    }
    if (ending && !refusal) {
      refusal = closed;
      send(stdinEofFrame(execution, sent));
    }
  };

  const refuse = (why: () => Error): void => {
    refusal ??= why;
    const failed = waiting;
    waiting = [];
    for (const { reject } of failed) reject(why());
  };

  return {
    offset: () => waiting.reduce((sum, { bytes }) => sum + bytes.length, sent),
    write(bytes, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      if (refusal) return Promise.reject(refusal());
      if (ending) return Promise.reject(closed());
      return new Promise((resolve, reject) => {
        const abort = (): void => {
          waiting = waiting.filter((other) => other !== entry);
          reject(signal?.reason);
          flush();
        };
        const entry: Waiting = {
          bytes,
          resolve: () => {
            signal?.removeEventListener('abort', abort);
            resolve();
          },
          reject: (reason) => {
            signal?.removeEventListener('abort', abort);
            reject(reason);
          },
        };
        signal?.addEventListener('abort', abort, { once: true });
        waiting.push(entry);
        if (waiting.length === 1) flush();
      });
    },
    end() {
      if (ending) return;
      ending = true;
      if (!refusal) flush();
    },
    credit(to) {
      if (to < credited || to > sent) {
        throw new ChannelViolation(`stdin credit of execution ${execution} went from ${credited} to ${to} of ${sent}`);
      }
      credited = to;
      flush();
    },
    close(reason) {
      refuse(() => new InvalidStateError(`stdin of execution ${execution} takes no more: ${reason}`));
    },
    fail: (error) => refuse(() => error),
  };
}
