import type { Socket } from 'node:net';
import { ExecutionError, ExecutionLostError, InvalidArgumentError, InvalidStateError } from 'boxlite/backend';
import type { GuestChannel, GuestListing, GuestOffsets, GuestSink } from './channel.ts';
import { ChannelViolation, createFrameDecoder, type FrameReceiver, readOffset } from './frame-decoder.ts';
import { attachFrame, execFrame, frame, numberFrame, resizeFrame } from './frame-encoder.ts';
import { expectLength, parseExit, parseHello, parseListing, parseMessage } from './frame-payload.ts';
import { reply, request } from './frame-type.ts';
import { createOutputReceiver, type OutputReceiver } from './output-receiver.ts';
import { createSender } from './sender.ts';
import { createStdinSender, type StdinSender } from './stdin-sender.ts';

interface Conversation {
  readonly output: OutputReceiver;
  readonly stdin: StdinSender;
  /** Set until STARTED or FAILED. */
  starting: { resolve(started: { pid: number }): void; reject(error: Error): void } | undefined;
}

interface Reply<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** What a socket reads, where `space` says or in a buffer that the next piece overwrites. */
export interface Incoming {
  space(): Buffer | undefined;
  take(bytes: Buffer): void;
}

/** An acknowledgement of little is late by this, in milliseconds: it frees memory in the guest, and nobody waits for it. */
const acknowledgeMs = 10;

/** How long a list or a ping may take: a box that has taken over its guest must not hold up a runtime that adopts it. */
const answerMs = 30_000;

/** Speaks guest/PROTOCOL.md on a connected socket; resolves with the guest's HELLO, rejects when the channel ends first. */
export function openGuestChannel(socket: Socket, incoming: Incoming): Promise<GuestChannel> {
  const hello = Promise.withResolvers<GuestChannel>();
  const closed = Promise.withResolvers<Error | undefined>();
  const conversations = new Map<number, Conversation>();
  const lists: Reply<readonly GuestListing[]>[] = [];
  const pings: (Reply<void> & { readonly bytes: Buffer })[] = [];
  let toAcknowledge: OutputReceiver[] = [];
  let pingNumber = 0;
  let bootId: bigint | undefined;
  let asked = false;
  let ended: Error | undefined;

  const end = (reason: Error): void => {
    if (ended) return;
    ended = reason;
    flush();
    socket.destroy();
    const live = [...conversations.values()];
    conversations.clear();
    hello.reject(reason);
    closed.resolve(asked ? undefined : reason);
    for (const waiting of [...lists, ...pings]) waiting.reject(reason);
    for (const { starting, stdin, output } of live) {
      stdin.fail(reason);
      starting?.reject(reason);
      output.stop(reason);
    }
  };

  const violated = (error: unknown): void => {
    const why = error instanceof Error ? error.message : String(error);
    end(error instanceof ChannelViolation ? new Error(`the box broke its channel: ${why}`) : new Error(why));
  };

  const { send, sendSoon, flush } = createSender(socket, () => violated(new ChannelViolation('it reads nothing')));

  const acknowledgeAll = (): void => {
    const receivers = toAcknowledge;
    toAcknowledge = [];
    for (const receiver of receivers) receiver.acknowledge();
  };

  const converse = (execution: number, from: GuestOffsets, stdinOffset: number, sink: GuestSink): Conversation => {
    if (!Number.isInteger(execution) || execution < 1 || execution > 0xffff_ffff) {
      throw new InvalidArgumentError(`execution ${execution} is not a number from 1 to 2^32 - 1`);
    }
    if (conversations.has(execution)) throw new InvalidStateError(`execution ${execution} is already on this channel`);
    const output = createOutputReceiver(execution, from, sink, {
      send: sendSoon,
      acknowledgeSoon: (receiver) => {
        if (toAcknowledge.push(receiver) === 1) setTimeout(acknowledgeAll, acknowledgeMs).unref();
      },
      over: () => {
        conversations.get(execution)?.stdin.close('the execution has ended');
        conversations.delete(execution);
      },
      failed: end,
    });
    const conversation = { output, stdin: createStdinSender(execution, stdinOffset, send), starting: undefined };
    conversations.set(execution, conversation);
    return conversation;
  };

  const known = (execution: number, type: number): Conversation => {
    const conversation = conversations.get(execution);
    if (!conversation)
      throw new ChannelViolation(`frame ${type} about an execution it was not asked for: ${execution}`);
    return conversation;
  };

  const started = (execution: number, type: number): Conversation => {
    const conversation = known(execution, type);
    if (conversation.starting) throw new ChannelViolation(`frame ${type} before execution ${execution} started`);
    return conversation;
  };

  const starting = (execution: number, type: number): NonNullable<Conversation['starting']> => {
    const conversation = known(execution, type);
    const waiting = conversation.starting;
    if (!waiting) throw new ChannelViolation(`execution ${execution} started twice`);
    conversation.starting = undefined;
    return waiting;
  };

  const refused = (execution: number, payload: Buffer): void => {
    if (payload.length < 1) throw new ChannelViolation('an empty REFUSED');
    const type = payload.readUInt8(0);
    const message = parseMessage(payload, 1);
    const conversation = conversations.get(execution);
    if (!conversation) return;
    if (type === request.stdin || type === request.stdinEof) conversation.stdin.close(message);
    if (type !== request.attach) return;
    if (conversation.starting) throw new ChannelViolation(`execution ${execution} was refused before it started`);
    conversations.delete(execution);
    const error = new ExecutionLostError(`the box does not have execution ${execution}: ${message}`);
    // As for any execution that is over.
    conversation.stdin.close(message);
    conversation.output.stop(error);
  };

  const obey: Record<number, (execution: number, payload: Buffer) => void> = {
    [reply.started]: (execution, payload) => {
      expectLength(payload, 4, 'STARTED');
      starting(execution, reply.started).resolve({ pid: payload.readUInt32LE(0) });
    },
    [reply.failed]: (execution, payload) => {
      if (payload.length < 4) throw new ChannelViolation('a FAILED that is cut');
      const message = parseMessage(payload, 4);
      const { stdin } = known(execution, reply.failed);
      const waiting = starting(execution, reply.failed);
      conversations.delete(execution);
      const error = new ExecutionError(message);
      stdin.fail(error);
      waiting.reject(error);
    },
    [reply.stdinCredit]: (execution, payload) => {
      expectLength(payload, 8, 'STDIN_CREDIT');
      started(execution, reply.stdinCredit).stdin.credit(readOffset(payload, 0));
    },
    [reply.stdinClosed]: (execution, payload) => {
      expectLength(payload, 0, 'STDIN_CLOSED');
      started(execution, reply.stdinClosed).stdin.close('the program has closed it');
    },
    [reply.exit]: (execution, payload) => {
      const exit = parseExit(payload);
      const conversation = started(execution, reply.exit);
      conversation.stdin.close('the execution has ended');
      conversation.output.exit(exit);
    },
    [reply.listed]: (execution, payload) => {
      const waiting = lists.shift();
      if (execution !== 0 || !waiting) throw new ChannelViolation('a LISTED that nobody asked for');
      const rows = parseListing(payload);
      waiting.resolve(rows);
    },
    [reply.pong]: (execution, payload) => {
      const waiting = pings.shift();
      if (execution !== 0 || !waiting?.bytes.equals(payload))
        throw new ChannelViolation('a PONG that nobody asked for');
      waiting.resolve();
    },
    [reply.refused]: refused,
  };

  const receiver: FrameReceiver = {
    frame(type, execution, payload) {
      if (ended) return;
      if (bootId === undefined) {
        if (type !== reply.hello || execution !== 0) throw new ChannelViolation('its first frame is not HELLO');
        bootId = parseHello(payload);
        hello.resolve(channel(bootId));
        return;
      }
      const act = obey[type];
      if (!act) throw new ChannelViolation(`frame ${type} out of place`);
      act(execution, payload);
    },
    output(type, execution, offset, bytes, given) {
      if (ended) return;
      if (bootId === undefined) throw new ChannelViolation('its first frame is not HELLO');
      started(execution, type).output.output(type === reply.stdout ? 'stdout' : 'stderr', offset, bytes, given);
    },
    waits: (execution) => conversations.get(execution)?.output.waits() === true,
  };

  const decoder = createFrameDecoder(receiver);
  const decode = (work: () => void): void => {
    if (ended) return;
    try {
      work();
    } catch (error) {
      violated(error);
    }
  };
  incoming.space = () => decoder.space();
  incoming.take = (chunk) => decode(() => decoder.push(chunk));
  socket.on('error', (error) => end(new Error(`the channel to the box failed: ${error.message}`, { cause: error })));
  socket.on('close', () => {
    decode(() => decoder.end());
    end(new Error('the box ended its channel'));
  });

  const asking = <T>(queue: Reply<T>[], entry: (reply: Reply<T>) => Reply<T>, bytes: Buffer): Promise<T> => {
    if (ended) return Promise.reject(ended);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    queue.push(entry({ resolve, reject }));
    send(bytes);
    const timer = setTimeout(() => violated(new ChannelViolation(`no answer within ${answerMs} ms`)), answerMs);
    const settled = (): void => clearTimeout(timer);
    promise.then(settled, settled);
    return promise;
  };

  const stdinOf = (execution: number): StdinSender => {
    const conversation = conversations.get(execution);
    if (!conversation) throw ended ?? new InvalidStateError(`execution ${execution} is not running`);
    return conversation.stdin;
  };

  const channel = (id: bigint): GuestChannel => ({
    bootId: id,
    closed: closed.promise,
    async exec(execution, exec, sink) {
      if (ended) throw ended;
      const bytes = execFrame(execution, exec);
      const conversation = converse(execution, { stdout: 0, stderr: 0 }, 0, sink);
      const { promise, resolve, reject } = Promise.withResolvers<{ pid: number }>();
      conversation.starting = { resolve, reject };
      sendSoon(bytes);
      return promise;
    },
    attach(execution, from, stdinOffset, sink) {
      if (ended) throw ended;
      converse(execution, from, stdinOffset, sink);
      send(attachFrame(execution, from));
    },
    list: () => asking(lists, (entry) => entry, frame(request.list, 0, 0)),
    async write(execution, bytes, signal) {
      await stdinOf(execution).write(bytes, signal);
    },
    stdinOffset: (execution) => conversations.get(execution)?.stdin.offset(),
    closeStdin: (execution) => conversations.get(execution)?.stdin.end(),
    signal: (execution, signal) => send(numberFrame(request.signal, execution, signal)),
    resize: (execution, size) => send(resizeFrame(execution, size)),
    discardOutput(execution) {
      conversations.get(execution)?.output.discard();
      send(frame(request.outputDiscard, execution, 0));
    },
    ping() {
      const ping = frame(request.ping, 0, 4);
      ping.writeUInt32LE(pingNumber, 9);
      pingNumber = (pingNumber + 1) % 0x1_0000_0000;
      return asking(pings, (entry) => ({ ...entry, bytes: ping.subarray(9) }) as never, ping);
    },
    shutdown(graceMs) {
      asked = true;
      send(numberFrame(request.shutdown, 0, graceMs));
    },
    close() {
      asked = true;
      end(new Error('the channel was closed'));
    },
  });

  return hello.promise;
}
