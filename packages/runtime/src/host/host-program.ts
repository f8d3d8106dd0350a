import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { Socket } from 'node:net';
import { dirname } from 'node:path';
import { EngineError, InternalError, InvalidStateError, StorageError } from 'boxlite/backend';
import type { HostAction } from './action.ts';
import { answerReader, type HostAnswer } from './answer.ts';
import { type RootlessIds, rootlessArguments } from './rootless.ts';
import type { HostSpace } from './space.ts';

/** One life of the host program. */
export interface HostProgram {
  readonly pid: number;
  /** Its channel is broken: nothing can be asked of it any more. */
  readonly ended: boolean;
  /** Settles when it is gone, with the reason where `close` was not called. */
  readonly closed: Promise<Error | undefined>;
  /** `EngineError` when the program ends before it answers: whether it did what was asked is not known then. */
  request(action: HostAction): Promise<HostAnswer>;
  close(): Promise<void>;
}

export interface OpenHostOptions {
  /** `boxlite-guest`. */
  readonly binary: string;
  /** The lock file of the home directory; its folder is made when missing. */
  readonly lockPath: string;
}

/** What a host program is started with. */
export interface StartHostOptions extends OpenHostOptions {
  readonly space: HostSpace;
  /** Undefined for root. */
  readonly ids: RootlessIds | undefined;
}

interface Waiting {
  resolve(answer: HostAnswer): void;
  reject(error: Error): void;
}

/** A command without its options and arguments: those of a server hold keys and secrets. */
function programName(command: readonly string[]): string {
  const option = command.findIndex((word) => word.startsWith('-'));
  return command.slice(0, option < 0 ? 2 : Math.min(option, 2)).join(' ');
}

function lockedError(lockPath: string, note: string): InvalidStateError {
  const [pid, , , ...command] = note.split(' ');
  const holder = pid === undefined || pid === '' ? 'another process' : `process ${pid} (${programName(command)})`;
  return new InvalidStateError(
    `home directory ${dirname(lockPath)} is in use by ${holder}; stop it, use --url to talk to it, or choose another home`,
  );
}

function frame(id: number, { type, payload }: HostAction): Buffer {
  const head = Buffer.alloc(9);
  head.writeUInt32LE(payload.length);
  head.writeUInt32LE(id, 4);
  head.writeUInt8(type, 8);
  return Buffer.concat([head, payload]);
}

function channelOf(child: ChildProcess): Socket {
  const channel = child.stdio[3];
  if (channel instanceof Socket) return channel;
  throw new InternalError('the host program was started without a channel');
}

/** Starts the host program and takes the lock. `InvalidStateError` naming the holder when another process has it. */
export async function startHostProgram(options: StartHostOptions): Promise<HostProgram> {
  const { binary, lockPath, ids, space } = options;
  await mkdir(dirname(lockPath), { recursive: true, mode: 0o700 });
  const rootless: string[] = [];
  if (ids !== undefined) {
    // To be walked through by who is let into its parent, or shown it elsewhere.
    if ((await mkdir(space.mounts.own, { recursive: true })) !== undefined) await chmod(space.mounts.own, 0o711);
    rootless.push(...rootlessArguments(ids, space.mounts.own, dirname(lockPath)));
  }
  const child = spawn(binary, ['host', '--lock', lockPath, ...rootless], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: {},
  });
  const exited = Promise.withResolvers<void>();
  child.once('exit', () => exited.resolve());
  const channel = channelOf(child);
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let closing = false;
  let ended: Error | undefined;
  const first = Promise.withResolvers<HostAnswer>();
  const closed = Promise.withResolvers<Error | undefined>();

  // An idle host must not keep the process alive; a pending request must.
  const keepAlive = (): void => {
    if (waiting.size > 0) channel.ref();
    else channel.unref();
  };
  const end = (reason: Error): void => {
    if (ended !== undefined) return;
    ended = reason;
    channel.destroy();
    first.reject(reason);
    for (const { reject } of waiting.values()) reject(reason);
    waiting.clear();
    // Not before it is gone: until then it has the lock.
    exited.promise.then(() => closed.resolve(closing ? undefined : reason));
  };
  const read = answerReader((id, answer) => {
    if (id === 0) return first.resolve(answer);
    const request = waiting.get(id);
    if (request === undefined) return end(new InternalError(`the host program answered unknown request ${id}`));
    waiting.delete(id);
    keepAlive();
    request.resolve(answer);
  });
  channel.on('data', (bytes: Buffer) => {
    try {
      read(bytes);
    } catch (error) {
      end(error instanceof Error ? error : new InternalError(String(error)));
    }
  });
  const gone = `the host program ${binary} ended meanwhile; it is started again: try again`;
  channel.on('error', (cause) => end(new EngineError(gone, { cause })));
  channel.on('close', () => end(new EngineError(gone)));
  child.on('error', (cause) => {
    exited.resolve();
    end(new EngineError(`cannot start the host program ${binary}: ${cause.message}; run npm run setup`, { cause }));
  });

  const ready = await first.promise;
  if (ready.kind !== 'ready') {
    closing = true;
    channel.destroy();
    await exited.promise;
    if (ready.kind === 'locked') throw lockedError(lockPath, ready.note);
    const reason = ready.kind === 'failed' ? ready.message : ready.kind;
    if (ids !== undefined) throw new EngineError(`boxes cannot run without root here: ${reason}; run boxlite doctor`);
    throw new StorageError(`cannot lock ${lockPath}: ${reason}`);
  }
  child.unref();
  channel.unref();

  const request = (action: HostAction): Promise<HostAnswer> => {
    if (closing || ended !== undefined)
      return Promise.reject(ended ?? new InvalidStateError('the host program is closed; open the runtime again'));
    const answer = Promise.withResolvers<HostAnswer>();
    lastId = (lastId % 0xffff_ffff) + 1;
    waiting.set(lastId, answer);
    keepAlive();
    channel.write(frame(lastId, action));
    return answer.promise;
  };
  return {
    pid: ready.pid,
    get ended() {
      return ended !== undefined;
    },
    closed: closed.promise,
    request,
    async close() {
      closing = true;
      child.ref();
      channel.destroy();
      await exited.promise;
    },
  };
}
