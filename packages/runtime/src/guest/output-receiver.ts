import type { GuestExit, GuestOffsets, GuestSink } from './channel.ts';
import { ChannelViolation } from './frame-decoder.ts';
import { ackFrame, frame } from './frame-encoder.ts';
import { outputWindow, request } from './frame-type.ts';
import { createOutputQueue, type OutputQueue } from './output-queue.ts';

/** At this many unacknowledged bytes an ACK goes out at once, else a little later. */
const ackAtOnce = 128 * 1024;

/** What an {@link OutputReceiver} needs of its channel. */
export interface OutputReceiverHost {
  send(bytes: Buffer): void;
  /** Calls `acknowledge` a little later. */
  acknowledgeSoon(receiver: OutputReceiver): void;
  /** The exit is acknowledged: the execution is over. */
  over(): void;
  /** The sink threw. */
  failed(error: Error): void;
}

/** Checks one execution's output, hands it to its sink in order, and acknowledges what the sink has made safe. */
export interface OutputReceiver {
  /** What comes now will have to wait. */
  waits(): boolean;
  output(stream: 'stdout' | 'stderr', offset: number, bytes: Buffer, given: boolean): void;
  exit(exit: GuestExit): void;
  acknowledge(): void;
  /** From now on totals may exceed what came. */
  discard(): void;
  /** Nothing more is handed to the sink, but for `broken`. */
  stop(error: Error): void;
}

interface Progress {
  received: number;
  safe: number;
  acknowledged: number;
}

const streamNumber = { stdout: 1, stderr: 2 } as const;

/** A receiver whose streams go on from the offsets. */
export function createOutputReceiver(
  execution: number,
  from: GuestOffsets,
  sink: GuestSink,
  host: OutputReceiverHost,
): OutputReceiver {
  const begin = (offset: number): Progress => ({ received: offset, safe: offset, acknowledged: offset });
  const progress = { stdout: begin(from.stdout), stderr: begin(from.stderr) };
  let queue: OutputQueue | undefined;
  let busy = false;
  let stopped = false;
  let discarding = false;
  let exited: GuestExit | undefined;
  let ackPlanned = false;

  const sendAck = (stream: 'stdout' | 'stderr'): void => {
    const { safe, acknowledged } = progress[stream];
    if (safe === acknowledged) return;
    progress[stream].acknowledged = safe;
    host.send(ackFrame(execution, streamNumber[stream], safe));
  };

  const madeSafe = (stream: 'stdout' | 'stderr', offset: number): void => {
    progress[stream].safe = offset;
    if (offset - progress[stream].acknowledged >= ackAtOnce) {
      sendAck(stream);
    } else if (!ackPlanned) {
      ackPlanned = true;
      host.acknowledgeSoon(receiver);
    }
  };

  const exitSafe = (): void => {
    if (stopped) return;
    stopped = true;
    host.send(frame(request.exitAck, execution, 0));
    host.over();
  };

  const fail = (error: unknown): void => host.failed(error instanceof Error ? error : new Error(String(error)));

  /** Hands over what waits until the sink is busy again. */
  const drain = (): void => {
    busy = false;
    while (!stopped && !busy) {
      const next = queue?.take();
      if (next) hand(next.stream, next.offset, next.bytes, next.given);
      else if (exited) finish(exited);
      else return;
    }
  };

  const hand = (stream: 'stdout' | 'stderr', offset: number, bytes: Buffer, given: boolean): void => {
    const end = offset + bytes.length;
    const made = sink.data(stream, offset, bytes, given);
    if (!made) {
      if (!stopped) madeSafe(stream, end);
      return;
    }
    busy = true;
    made
      .then(() => {
        if (stopped) return;
        madeSafe(stream, end);
        drain();
      })
      .catch(fail);
  };

  const finish = (exit: GuestExit): void => {
    busy = true;
    const made = sink.exit(exit);
    if (made) made.then(exitSafe).catch(fail);
    else exitSafe();
  };

  const receiver: OutputReceiver = {
    waits: () => busy || sink.waits?.() === true,
    output(stream, offset, bytes, given) {
      const { received, acknowledged } = progress[stream];
      const end = offset + bytes.length;
      if (exited) throw new ChannelViolation(`output of execution ${execution} after its exit`);
      if (offset !== received) {
        throw new ChannelViolation(`${stream} of execution ${execution} jumped from ${received} to ${offset}`);
      }
      if (end - acknowledged > outputWindow) {
        throw new ChannelViolation(`${stream} of execution ${execution} ran past its credit`);
      }
      progress[stream].received = end;
      if (busy) {
        queue ??= createOutputQueue();
        return queue.add(stream, offset, bytes, given);
      }
      try {
        hand(stream, offset, bytes, given);
      } catch (error) {
        fail(error);
      }
    },
    exit(exit) {
      if (exited) throw new ChannelViolation(`a second exit of execution ${execution}`);
      for (const [name, total] of [['stdout', exit.stdoutTotal] as const, ['stderr', exit.stderrTotal] as const]) {
        const { received } = progress[name];
        if (discarding ? total < received : total !== received) {
          throw new ChannelViolation(`${name} of execution ${execution} ended at ${total}, but ${received} bytes came`);
        }
      }
      exited = exit;
      if (busy) return;
      try {
        finish(exit);
      } catch (error) {
        fail(error);
      }
    },
    acknowledge() {
      ackPlanned = false;
      if (stopped) return;
      sendAck('stdout');
      sendAck('stderr');
    },
    discard() {
      discarding = true;
    },
    stop(error) {
      if (stopped) return;
      stopped = true;
      sink.broken(error);
    },
  };
  return receiver;
}
