import type { NetworkOptions } from './network.ts';

/** A command's or a box's environment. */
export type Environment = Readonly<Record<string, string>>;

/** How much a box is kept from its host, weakest first; docs/guides/isolation.md has every line of it. */
export type SecurityPreset = 'development' | 'standard' | 'maximum';

/** Linux capabilities of the box's root user, on top of its preset; names as in capabilities(7), with or without `CAP_`. */
export interface CapabilityOptions {
  /** What no preset gives, such as SYS_ADMIN, is an `UnsupportedError`. @default none */
  readonly add?: readonly string[];
  /** `ALL` for every one. @default none */
  readonly drop?: readonly string[];
}

/** A host directory made visible in the box. */
export interface HostVolumeOptions {
  /** An absolute path of the host. Over REST the server must allow it. */
  readonly hostPath: string;
  /** Where it is in the box: an absolute path. */
  readonly guestPath: string;
  /** @default false */
  readonly readOnly?: boolean;
}

/** A managed volume made visible in the box; see `volumes.create`. */
export interface ManagedVolumeOptions {
  /** Its id or name. */
  readonly volume: string;
  /** Where it is in the box: an absolute path. */
  readonly guestPath: string;
  /** @default false */
  readonly readOnly?: boolean;
}

/** A directory that is not the box's own: of the host, or a managed volume. */
export type VolumeOptions = HostVolumeOptions | ManagedVolumeOptions;

/** A directory in memory, empty at every start. */
export interface TmpfsOptions {
  /** Where it is in the box: an absolute path. */
  readonly guestPath: string;
  /** 1 to 1,048,576; what is in it counts as the box's memory. @default 64 */
  readonly sizeMib?: number;
}

/** A port of the box published on the host. */
export interface PortOptions {
  /** The port in the box, 1 to 65535. */
  readonly guestPort: number;
  /** The port of the host, up to 65535; 0 chooses a free one. @default 0 */
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
  /** An absolute host path of an unpacked root file system. @default the image's */
  readonly rootfsPath?: string;
  /** 1 to 32. @default 1 */
  readonly cpus?: number;
  /** At least 128. @default 512 */
  readonly memoryMib?: number;
  /** At least 1. Without it the box shares the host disk. @default no size of its own */
  readonly diskSizeGb?: number;
  /** Most processes and threads at a time, the guest's own among them; at least 16. @default 4096 */
  readonly processes?: number;
  /** Most open files of one process; at least 16. @default as many as the host allows */
  readonly openFiles?: number;
  /** Most bytes kept of one execution's output; what comes later is dropped, and readers are told. @default the runtime's, 4 GiB */
  readonly outputLimitBytes?: number;
  /** Most executions at a time, 1 to 512. @default 512 */
  readonly maxConcurrentExecutions?: number;
  /** Where commands start: an absolute path of the box, made at its start where there is none. @default the image's */
  readonly workingDir?: string;
  /** Beside what the image sets; the same name wins here. @default {} */
  readonly env?: Environment;
  /** What the main command begins with. @default the image's */
  readonly entrypoint?: readonly string[];
  /** What follows the entrypoint: the main command, or its arguments. @default the image's */
  readonly cmd?: readonly string[];
  /** `<name or uid>[:<group or gid>]`. @default the image's */
  readonly user?: string;
  /** Runs the main command on a terminal. @default false */
  readonly tty?: boolean;
  /** Directories that are not the box's own. @default none */
  readonly volumes?: readonly VolumeOptions[];
  /** Directories in memory. @default none */
  readonly tmpfs?: readonly TmpfsOptions[];
  /** Ports of the box that are published on the host. @default none */
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
  /** A command that tells again and again whether the box is healthy. @default none */
  readonly healthCheck?: HealthCheckOptions;
  /** The box outlives the process that started it. @default false */
  readonly detach?: boolean;
  /** @default 'standard' */
  readonly security?: SecurityPreset;
  /** A server must say in its configuration that it takes them. @default those of the preset */
  readonly capabilities?: CapabilityOptions;
  /** For finding it again with `list`; BoxLite reads nothing out of them. @default {} */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Options of a command. */
export interface ExecOptions {
  /** A program: a path, or a name that is looked up in the box's PATH. No shell reads it. */
  readonly command: string;
  /** Its arguments, each as it is. @default none */
  readonly args?: readonly string[];
  /** Beside the box's; the same name wins here. @default {} */
  readonly env?: Environment;
  /** Where it starts: an absolute path of the box. @default the box's */
  readonly workingDir?: string;
  /** `<name or uid>[:<group or gid>]`; the box's user unless given. @default the box's */
  readonly user?: string;
  /** Runs the command on a terminal: stdout and stderr are one stream, stdout. @default false */
  readonly tty?: boolean;
  /** Size of the terminal. @default { cols: 80, rows: 24 } */
  readonly size?: TerminalSize;
  /** TERM, then KILL, to the whole process tree. At least 100. @default none: it may run for ever */
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

/** Size of a terminal, in characters. */
export interface TerminalSize {
  /** Columns, 1 to 65535. */
  readonly cols: number;
  /** Rows, 1 to 65535. */
  readonly rows: number;
}
