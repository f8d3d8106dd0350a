import { constants } from 'node:os';
import { EngineError, ResourceExhaustedError } from 'boxlite/backend';
import {
  type HostAction,
  type HostBindOptions,
  type HostHostnameOptions,
  type HostKillOptions,
  type HostMountOptions,
  type HostOverlayOptions,
  type HostProcess,
  type HostSpawnOptions,
  hostActions,
} from './action.ts';
import type { HostAnswer } from './answer.ts';
import { type HostProgram, type OpenHostOptions, startHostProgram } from './host-program.ts';
import { needRootlessIds } from './rootless.ts';
import { type HostSpace, hostSpace } from './space.ts';

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

/** Use of a box, counted by its processes. */
export interface HostUsage {
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  readonly processes: number;
}

// USER_HZ, of every Linux that runs boxes.
const ticksPerSecond = 100;

/**
 * The small program beside the runtime that spawns, mounts and reaps. Its failures are `EngineError`s. Should it end, as by
 * `kill -9`, it is started again with its undo lists; only what was asked of it meanwhile fails.
 */
export interface Host {
  /** Of the program that runs now. */
  readonly pid: number;
  readonly space: HostSpace;
  /** What a child of this process must be started as to be where the host program is, and as whom it is. */
  inside(argv: readonly [string, ...string[]]): readonly [string, ...string[]];
  spawn(options: HostSpawnOptions): Promise<HostExit>;
  mount(options: HostMountOptions): Promise<void>;
  mountOverlay(options: HostOverlayOptions): Promise<void>;
  bindIdmapped(options: HostBindOptions): Promise<void>;
  /** Mounts a file system image (`source`) through a loop device that goes with the mount. */
  mountImage(options: HostMountOptions): Promise<void>;
  /** Everything stacked on the target; one that is not mounted or not there is fine. */
  umount(target: string, options?: { readonly detach?: boolean }): Promise<void>;
  /** Follows no symbolic link and fails at a mount point, without touching what is mounted; a missing path is fine. */
  removeTree(path: string): Promise<void>;
  /** One after another without a way back here between them; the first that fails is the error, and what came before it stays. `ResourceExhaustedError` when a disk is full. */
  sequence(actions: readonly HostAction[]): Promise<void>;
  /** The target must not exist; holes stay holes. `ResourceExhaustedError` when a disk is full. */
  copySparse(from: string, to: string): Promise<void>;
  kill(options: HostKillOptions): Promise<'gone' | 'ended' | 'running'>;
  /** Of the UTS namespace that the process is in. */
  setHostname(options: HostHostnameOptions): Promise<void>;
  /** Stops every process of the box that has this PID 1, by signals, or lets them all go on. Fails when one cannot be stopped within 10 s: then none is. */
  freeze(init: HostProcess, stop: boolean): Promise<void>;
  /** What the processes of such a box use; all 0 when it is gone. */
  usage(init: HostProcess): Promise<HostUsage>;
  /** Done, in order and whatever fails, if this process ends in any way, or at `close`; replaces the key's list. */
  undo(key: string, actions: readonly HostAction[]): Promise<void>;
  clearUndo(key: string): Promise<void>;
  /** Does what is still to be undone, ends the program, and lets the lock go. Twice is fine. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts the host program and takes the lock. `InvalidStateError` naming the holder when another process has it. */
export async function openHost(given: OpenHostOptions): Promise<Host> {
  const ids = await needRootlessIds();
  const space = hostSpace(given.lockPath, ids);
  const options = { ...given, ids, space };
  const undos = new Map<string, readonly HostAction[]>();
  let closing = false;
  let program = await startHostProgram(options);
  let ready: Promise<HostProgram>;

  const run = (started: HostProgram): Promise<HostProgram> => {
    program = started;
    started.closed.then((reason) => {
      if (reason !== undefined && !closing) restart();
    });
    return Promise.resolve(started);
  };
  const again = async (): Promise<HostProgram> => {
    const started = await startHostProgram(options);
    for (const [key, actions] of undos) await started.request(hostActions.undo(key, actions));
    return run(started);
  };
  const restart = (): void => {
    ready = again();
    ready.catch(() => {});
  };
  ready = run(program);

  const request = async (action: HostAction): Promise<HostAnswer> => {
    const tried = ready;
    const now = await tried.catch(() => {
      // One that could not be started again, as while another runtime had the lock, is tried anew.
      if (ready === tried && !closing) restart();
      return ready;
    });
    if (!now.ended || closing) return now.request(action);
    // Known to be over, but not yet gone, or not yet started again.
    await now.closed;
    return (await ready).request(action);
  };
  const done = async (action: HostAction): Promise<Buffer> => {
    const answer = await request(action);
    if (answer.kind === 'done') return answer.payload;
    throw new EngineError(answer.kind === 'failed' ? answer.message : `unexpected answer: ${answer.kind}`);
  };
  const written = async (action: HostAction): Promise<void> => {
    const answer = await request(action);
    if (answer.kind === 'done') return;
    if (answer.kind === 'failed' && [constants.errno.ENOSPC, constants.errno.EDQUOT].includes(answer.errno))
      throw new ResourceExhaustedError('no room for a copy of the disk; free space on the disk of the home directory');
    throw new EngineError(answer.kind === 'failed' ? answer.message : `unexpected answer: ${answer.kind}`);
  };
  const close = async (): Promise<void> => {
    closing = true;
    await ready.then(
      (now) => now.close(),
      () => {},
    );
  };

  return {
    get pid() {
      return program.pid;
    },
    space,
    inside: (argv) => (space.rootless ? [options.binary, 'enter', `${program.pid}`, ...argv] : argv),
    async spawn(options) {
      const answer = await request(hostActions.spawn(options));
      if (answer.kind === 'exited') return answer;
      throw new EngineError(answer.kind === 'failed' ? answer.message : `unexpected answer: ${answer.kind}`);
    },
    mount: async (options) => void (await done(hostActions.mount(options))),
    mountOverlay: async (options) => void (await done(hostActions.mountOverlay(options))),
    bindIdmapped: async (options) => void (await done(hostActions.bindIdmapped(options))),
    setHostname: async (options) => void (await done(hostActions.setHostname(options))),
    mountImage: async (options) => void (await done(hostActions.mountImage(options))),
    umount: async (target, options) => void (await done(hostActions.umount(target, options))),
    removeTree: async (path) => void (await done(hostActions.removeTree(path))),
    sequence: (actions) => written(hostActions.sequence(actions)),
    copySparse: (from, to) => written(hostActions.copySparse(from, to)),
    async kill(options) {
      const outcome = (await done(hostActions.kill(options))).readUInt8(0);
      return outcome === 0 ? 'gone' : outcome === 1 ? 'ended' : 'running';
    },
    freeze: async (init, stop) => void (await done(hostActions.freeze(init, stop))),
    async usage(init) {
      const counted = await done(hostActions.usage(init));
      return {
        cpuSeconds: Number(counted.readBigUInt64LE(0)) / ticksPerSecond,
        memoryBytes: Number(counted.readBigUInt64LE(8)),
        processes: counted.readUInt32LE(16),
      };
    },
    async undo(key, actions) {
      undos.set(key, actions);
      await done(hostActions.undo(key, actions));
    },
    async clearUndo(key) {
      undos.delete(key);
      await done(hostActions.clearUndo(key));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
