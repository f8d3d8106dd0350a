/** One thing the host program can do, ready to be sent at once or kept for an undo. guest/host/PROTOCOL.md says how it is written. */
export interface HostAction {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** What `spawn` starts: a program by its absolute path, in a session of its own, with stdin from /dev/null. */
export interface HostSpawnOptions {
  readonly argv: readonly string[];
  /** The whole environment. @default only PATH */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A unix socket of any path length that the program gets as descriptor 3, listening. Replaces a socket that is there. */
  readonly listenPath?: string;
  /** `capture` keeps the last 64 KiB of each stream, a path appends both to that file. @default 'ignore' */
  readonly output?: 'ignore' | 'capture' | { readonly file: string };
  /** SIGKILL to its session after that. @default 30000; 0 for none */
  readonly timeoutMs?: number;
}

/** `mount(2)`. */
export interface HostMountOptions {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly flags?: number;
  readonly data?: string;
}

/** Who user and group 0, 1, 2... of a box are on this host. */
export interface HostIds {
  readonly first: number;
  readonly count: number;
}

/** A bind with everything mounted below it, which shows owners as `ids`: what 0 owns on disk is the box root's. Without, owners as they are. */
export interface HostBindOptions {
  readonly source: string;
  readonly target: string;
  readonly ids?: HostIds;
  /** Of {@link mountAttributes}; they hold for what is mounted below, too. */
  readonly attributes: number;
}

/** An overlay; directories may hold any character and be as many as the kernel takes (at least 200). */
export interface HostOverlayOptions {
  readonly target: string;
  /** Topmost first. */
  readonly layers: readonly string[];
  readonly upper: string;
  readonly work: string;
  readonly flags?: number;
  /** Further options, comma-separated. */
  readonly data?: string;
  /** Shows owners so, and writes them to `upper` as they are in the box; `upper` and `work` are then of one directory. */
  readonly ids?: HostIds;
}

/** A process. The start time tells it from a later one with the same id. */
export interface HostProcess {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat. */
  readonly startTime: number;
}

/** Which process, and what to do. */
export interface HostKillOptions extends HostProcess {
  /** 0 only waits. @default 9 */
  readonly signal?: number;
  /** How long to wait for its end. @default 0 */
  readonly waitMs?: number;
}

/** Whose namespace, and the name. */
export interface HostHostnameOptions {
  readonly pid: number;
  /** As with {@link HostKillOptions}. */
  readonly startTime: number;
  readonly hostname: string;
}

/** A directory in one that is there. */
export interface HostDirectoryOptions {
  readonly path: string;
  readonly mode: number;
  /** The user and group to own it, as the host program knows them. */
  readonly owner: number;
}

/** The flags of `mount(2)` that are used here. */
export const mountFlags = { readOnly: 1, noSuid: 2, noDev: 4, noExec: 8, remount: 32, bind: 4096 } as const;

/** The attributes of `mount_setattr(2)` that are used here. */
export const mountAttributes = { readOnly: 1, noSuid: 2, noDev: 4 } as const;

type Field = Uint8Array;

function u8(value: number): Field {
  return Uint8Array.of(value);
}

function u32(value: number): Field {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Field {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function block(bytes: Uint8Array): Field {
  return Buffer.concat([u32(bytes.length), bytes]);
}

function string(value: string): Field {
  return block(Buffer.from(value));
}

function list(values: readonly string[]): Field {
  return Buffer.concat([u32(values.length), ...values.map(string)]);
}

function actionList(actions: readonly HostAction[]): Field {
  return Buffer.concat([u32(actions.length), ...actions.flatMap(({ type, payload }) => [u8(type), block(payload)])]);
}

function action(type: number, ...fields: readonly Field[]): HostAction {
  return { type, payload: Buffer.concat(fields) };
}

const defaultEnv = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

/** Makes actions: what the methods of the host send, and what its undo lists are made of. */
export const hostActions: {
  readonly spawn: (options: HostSpawnOptions) => HostAction;
  readonly mount: (options: HostMountOptions) => HostAction;
  readonly mountOverlay: (options: HostOverlayOptions) => HostAction;
  readonly mountImage: (options: HostMountOptions) => HostAction;
  readonly umount: (target: string, options?: { readonly detach?: boolean }) => HostAction;
  readonly removeTree: (path: string) => HostAction;
  readonly copySparse: (from: string, to: string) => HostAction;
  readonly kill: (options: HostKillOptions) => HostAction;
  readonly undo: (key: string, actions: readonly HostAction[]) => HostAction;
  readonly clearUndo: (key: string) => HostAction;
  readonly freeze: (init: HostProcess, stop: boolean) => HostAction;
  readonly usage: (init: HostProcess) => HostAction;
  readonly bindIdmapped: (options: HostBindOptions) => HostAction;
  readonly setHostname: (options: HostHostnameOptions) => HostAction;
  readonly sequence: (actions: readonly HostAction[]) => HostAction;
  readonly makeDirectory: (options: HostDirectoryOptions) => HostAction;
} = {
  spawn: ({ argv, env = defaultEnv, cwd = '', listenPath = '', output = 'ignore', timeoutMs = 30_000 }) =>
    action(
      1,
      list(argv),
      list(Object.entries(env).map(([name, value]) => `${name}=${value}`)),
      string(cwd),
      string(listenPath),
      string(typeof output === 'string' ? '' : output.file),
      u8(output === 'capture' ? 1 : 0),
      u32(timeoutMs),
    ),
  mount: ({ source, target, type, flags = 0, data = '' }) =>
    action(2, string(source), string(target), string(type), u64(flags), string(data)),
  mountOverlay: ({ target, layers, upper, work, flags = 0, data = '', ids = { first: 0, count: 0 } }) =>
    action(
      3,
      ...[string(target), string(upper), string(work), list(layers), u64(flags), string(data)],
      ...[u32(ids.first), u32(ids.count)],
    ),
  mountImage: ({ source, target, type, flags = 0, data = '' }) =>
    action(4, string(source), string(target), string(type), u64(flags), string(data)),
  umount: (target, { detach = false } = {}) => action(5, string(target), u8(detach ? 1 : 0)),
  removeTree: (path) => action(6, string(path)),
  copySparse: (from, to) => action(7, string(from), string(to)),
  kill: ({ pid, startTime, signal = 9, waitMs = 0 }) => action(8, u32(pid), u64(startTime), u32(signal), u32(waitMs)),
  undo: (key, actions) => action(9, string(key), actionList(actions)),
  clearUndo: (key) => action(10, string(key)),
  freeze: ({ pid, startTime }, stop) => action(13, u32(pid), u64(startTime), u8(stop ? 1 : 0)),
  usage: ({ pid, startTime }) => action(14, u32(pid), u64(startTime)),
  bindIdmapped: ({ source, target, ids = { first: 0, count: 0 }, attributes }) =>
    action(11, string(source), string(target), u32(ids.first), u32(ids.count), u64(attributes)),
  setHostname: ({ pid, startTime, hostname }) => action(12, u32(pid), u64(startTime), string(hostname)),
  sequence: (actions) => action(15, actionList(actions)),
  makeDirectory: ({ path, mode, owner }) => action(16, string(path), u32(mode), u32(owner)),
};
