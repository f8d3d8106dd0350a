import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { Socket } from 'node:net';
import { dirname } from 'node:path';
import { EngineError, InternalError, InvalidStateError, StorageError } from 'boxlite/backend';
import {
  type HostAction,
  type HostKillOptions,
  type HostMountOptions,
  type HostOverlayOptions,
  type HostSpawnOptions,
  hostActions,
} from './action.ts';
import { answerReader, type HostAnswer } from './answer.ts';

/** How a spawned program ended; a signal N gives exit code 128 + N. */
export interface HostExit {
  readonly exitCode: number;
  /** 0: none. */
  readonly signal: number;
  readonly timedOut: boolean;
  /** The last 64 KiB, with `output: 'capture'`. */
  readonly stdout: string;
  readonly stderr: string;
}

/** The small program beside the runtime that spawns, mounts and reaps. Its failures are `EngineError`s. */
export interface Host {
  readonly pid: number;
  /** Settles when the program has ended, with the reason where `close` was not called. */
  readonly closed: Promise<Error | undefined>;
  spawn(options: HostSpawnOptions): Promise<HostExit>;
  mount(options: HostMountOptions): Promise<void>;
  mountOverlay(options: HostOverlayOptions): Promise<void>;
  /** Mounts a file system image (`source`) through a loop device that goes with the mount. */
  mountImage(options: HostMountOptions): Promise<void>;
  /** Everything stacked on the target; one that is not mounted or not there is fine. */
  umount(target: string, options?: { readonly detach?: boolean }): Promise<void>;
  /** Follows no symbolic link and fails at a mount point, without touching what is mounted; a missing path is fine. */
  removeTree(path: string): Promise<void>;
  /** The target must not exist; holes stay holes. */
  copySparse(from: string, to: string): Promise<void>;
  kill(options: HostKillOptions): Promise<'gone' | 'ended' | 'running'>;
  /** Done, in order and whatever fails, if this process ends in any way, or at `close`; replaces the key's list. */
  undo(key: string, actions: readonly HostAction[]): Promise<void>;
  clearUndo(key: string): Promise<void>;
  /** Does what is still to be undone, ends the program, and lets the lock go. Twice is fine. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface OpenHostOptions {
  /** `boxlite-guest`. */
  readonly binary: string;
  /** The lock file of the home directory; its folder is made when missing. */
  readonly lockPath: string;
}

interface Waiting {
  resolve(answer: HostAnswer): void;
  reject(error: Error): void;
}

function lockedError(lockPath: string, note: string): InvalidStateError {
  const [pid, , , ...command] = note.split(' ');
  const holder = pid === undefined || pid === '' ? 'another process' : `process ${pid} (${command.join(' ')})`;
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
export async function openHost({ binary, lockPath }: OpenHostOptions): Promise<Host> {
  await mkdir(dirname(lockPath), { recursive: true, mode: 0o700 });
  const child = spawn(binary, ['host', '--lock', lockPath], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], env: {} });
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
    closed.resolve(closing ? undefined : reason);
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
  const gone = `the host program ${binary} has ended; restart the runtime`;
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
    throw new StorageError(`cannot lock ${lockPath}: ${ready.kind === 'failed' ? ready.message : ready.kind}`);
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
  const done = async (action: HostAction): Promise<Buffer> => {
    const answer = await request(action);
    if (answer.kind === 'done') return answer.payload;
    throw new EngineError(answer.kind === 'failed' ? answer.message : `unexpected answer: ${answer.kind}`);
  };
  const close = async (): Promise<void> => {
    closing = true;
    child.ref();
    channel.destroy();
    await exited.promise;
  };

  return {
    pid: ready.pid,
    closed: closed.promise,
    async spawn(options) {
      const answer = await request(hostActions.spawn(options));
      if (answer.kind === 'exited') return answer;
      throw new EngineError(answer.kind === 'failed' ? answer.message : `unexpected answer: ${answer.kind}`);
    },
    mount: async (options) => void (await done(hostActions.mount(options))),
    mountOverlay: async (options) => void (await done(hostActions.mountOverlay(options))),
    mountImage: async (options) => void (await done(hostActions.mountImage(options))),
    umount: async (target, options) => void (await done(hostActions.umount(target, options))),
    removeTree: async (path) => void (await done(hostActions.removeTree(path))),
    copySparse: async (from, to) => void (await done(hostActions.copySparse(from, to))),
    async kill(options) {
      const outcome = (await done(hostActions.kill(options))).readUInt8(0);
      return outcome === 0 ? 'gone' : outcome === 1 ? 'ended' : 'running';
    },
    undo: async (key, actions) => void (await done(hostActions.undo(key, actions))),
    clearUndo: async (key) => void (await done(hostActions.clearUndo(key))),
    close,
    [Symbol.asyncDispose]: close,
  };
}
