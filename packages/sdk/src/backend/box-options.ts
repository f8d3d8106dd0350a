import type { NetworkOptions } from './network.ts';

/** A command's or a box's environment. */
export type Environment = Readonly<Record<string, string>>;

export type SecurityPreset = 'development' | 'standard' | 'maximum';

/** Linux capabilities of the box's root user, on top of its preset; names as in capabilities(7), with or without `CAP_`. */
export interface CapabilityOptions {
  /** What no preset gives, such as SYS_ADMIN, is an `UnsupportedError`. */
  readonly add?: readonly string[];
  /** `ALL` for every one. */
  readonly drop?: readonly string[];
}

/** A host directory made visible in the box. */
export interface HostVolumeOptions {
  readonly hostPath: string;
  readonly guestPath: string;
  /** @default false */
  readonly readOnly?: boolean;
}

/** A managed volume made visible in the box; see `volumes.create`. */
export interface ManagedVolumeOptions {
  /** Its id or name. */
  readonly volume: string;
  readonly guestPath: string;
  /** @default false */
  readonly readOnly?: boolean;
}

export type VolumeOptions = HostVolumeOptions | ManagedVolumeOptions;

/** A directory in memory, empty at every start. */
export interface TmpfsOptions {
  readonly guestPath: string;
  /** 1 to 1,048,576; what is in it counts as the box's memory. @default 64 */
  readonly sizeMib?: number;
}

/** A port of the box published on the host. */
export interface PortOptions {
  readonly guestPort: number;
  /** Absent or 0: a free one is chosen. */
  readonly hostPort?: number;
  /** @default 'tcp' */
  readonly protocol?: 'tcp' | 'udp';
  /** The address of the host to listen on. @default '127.0.0.1' */
  readonly hostIp?: string;
}

/** A command that tells whether what a box is for works. */
export interface HealthCheckOptions {
  /** The program and its arguments; exit code 0 is healthy. */
  readonly command: readonly string[];
  /** From the end of one check to the next. @default 30000 */
  readonly intervalMs?: number;
  /** A check that takes longer has failed. At least 100. @default 30000 */
  readonly timeoutMs?: number;
  /** So many failures in a row are `unhealthy`. @default 3 */
  readonly retries?: number;
  /** Failures so soon after the start do not count. @default 0 */
  readonly startPeriodMs?: number;
}

/** What a box is made of. Everything has a default. */
export interface BoxOptions {
  /** An image reference. Give this or `rootfsPath`, not both. @default 'alpine:latest' */
  readonly image?: string;
  /** An absolute host path of an unpacked root file system. */
  readonly rootfsPath?: string;
  /** 1 to 32. @default 1 */
  readonly cpus?: number;
  /** At least 128. @default 512 */
  readonly memoryMib?: number;
  /** At least 1. Without it the box shares the host disk. */
  readonly diskSizeGb?: number;
  /** Most processes and threads at a time, the guest's own among them; at least 16. @default 4096 */
  readonly processes?: number;
  /** Most open files of one process; at least 16. @default as many as the host allows */
  readonly openFiles?: number;
  /** Most bytes kept of one execution's output; what comes later is dropped, and readers are told. @default the runtime's, 4 GiB */
  readonly outputLimitBytes?: number;
  /** Most executions at a time, 1 to 512. @default 512 */
  readonly maxConcurrentExecutions?: number;
  readonly workingDir?: string;
  readonly env?: Environment;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  /** `<name or uid>[:<group or gid>]`. */
  readonly user?: string;
  /** Runs the main command on a terminal. @default false */
  readonly tty?: boolean;
  readonly volumes?: readonly VolumeOptions[];
  readonly tmpfs?: readonly TmpfsOptions[];
  readonly ports?: readonly PortOptions[];
  /** `isolated`: out to public addresses, in by `ports` and tunnels. `none`: loopback only. @default 'isolated' */
  readonly network?: 'isolated' | 'none' | NetworkOptions;
  /** `stop` also removes the box. @default true, false with `autoDeleteMs` */
  readonly autoRemove?: boolean;
  /** Stops the box once nothing has used it for so long: no execution, no reader of output, no transfer. @default never */
  readonly autoStopMs?: number;
  /** Removes the box so long after its end. @default never, unless `autoRemove` */
  readonly autoDeleteMs?: number;
  /** Using a paused or stopped box starts it again; otherwise that is an `InvalidStateError`. @default true */
  readonly autoResume?: boolean;
  readonly healthCheck?: HealthCheckOptions;
  /** The box outlives the process that started it. @default false */
  readonly detach?: boolean;
  /** @default 'standard' */
  readonly security?: SecurityPreset;
  /** A server must say in its configuration that it takes them. @default those of the preset */
  readonly capabilities?: CapabilityOptions;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Options of a command. */
export interface ExecOptions {
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: Environment;
  readonly workingDir?: string;
  /** `<name or uid>[:<group or gid>]`; the box's user unless given. */
  readonly user?: string;
  /** Runs the command on a terminal: stdout and stderr are one stream, stdout. */
  readonly tty?: boolean;
  /** Size of the terminal. @default { cols: 80, rows: 24 } */
  readonly size?: TerminalSize;
  /** TERM, then KILL, to the whole process tree. At least 100. */
  readonly timeoutMs?: number;
  /** What becomes of output that is more than is kept. @default cut at the box's `outputLimitBytes` */
  readonly output?: OutputOptions;
}

/** What becomes of a command's output when there is too much of it. */
export interface OutputOptions {
  /**
   * `truncate`: what comes after the first `limitBytes` is dropped, and readers are told. `block`: the command waits
   * once `limitBytes` of its output were read by nobody; what was read stays, up to the box's `outputLimitBytes`, where
   * it is cut after all. @default 'truncate'
   */
  readonly policy?: 'truncate' | 'block';
  /** At least 1024. @default the box's `outputLimitBytes` for `truncate`, 16 MiB for `block` */
  readonly limitBytes?: number;
}

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}
