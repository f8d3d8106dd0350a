import type { CapabilityOptions, SecurityPreset } from 'boxlite/backend';

/** A directory of the host in a box; its path is real: no part of it is a symbolic link. */
export interface EngineVolume {
  readonly hostPath: string;
  readonly guestPath: string;
  /** @default false */
  readonly readOnly?: boolean;
  /** The runtime made it for boxes. @default false */
  readonly managed?: boolean;
}

/** A directory in memory. */
export interface EngineTmpfs {
  readonly guestPath: string;
  readonly sizeMib: number;
}

/** A network that is there before its box. */
export interface EngineNetwork {
  /** The namespace to start the box in. */
  readonly namespacePath: string;
  /** The address to ask for names. */
  readonly resolver: string;
}

/**
 * When the network of a box is opened: `after` its start, in the namespace that this made, or `before` it, in one whose
 * eth0 the network stack takes that the box brings.
 */
export type NetworkOrder = 'before' | 'after';

/** What an engine needs to know to start one box. */
export interface EngineBox {
  /** The box's ULID: the engine's container id and the cgroup's name are derived from it. */
  readonly id: string;
  /** The box's own folder, absolute; the engine keeps everything of this box below it. */
  readonly folder: string;
  readonly rootfs: { readonly layers: readonly string[] } | { readonly path: string };
  /** Where the guest must answer; may be longer than a socket address holds. */
  readonly socketPath: string;
  /** The guest ends with its connection; otherwise it outlives this process. */
  readonly attached: boolean;
  readonly hostname: string;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly diskSizeGb: number | undefined;
  /** Most processes and threads at a time. */
  readonly processes: number;
  /** Most open files of one process; undefined: as many as the host allows. */
  readonly openFiles: number | undefined;
  readonly volumes: readonly EngineVolume[];
  readonly tmpfs: readonly EngineTmpfs[];
  readonly security: SecurityPreset;
  readonly capabilities: CapabilityOptions;
  /** Only where networks are opened before the start; undefined: the box has its loopback only. */
  readonly network?: EngineNetwork;
}

/** How long the steps of a start took, in milliseconds. */
export interface EngineTiming {
  readonly filesystemMs: number;
  readonly configMs: number;
  readonly spawnMs: number;
}

/** Counters of a running box, from its cgroup. */
export interface EngineUsage {
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  readonly oomKills: number;
  readonly processes: number;
}

/** Isolates boxes: "start a box whose guest answers on this socket". Everything above the socket is common code. */
export interface Engine {
  readonly name: string;
  readonly version: string;
  /** How long a guest may take, after `start`, until it answers, in milliseconds. @default 10000 */
  readonly guestMs?: number;
  /** It holds limits of processor and memory. */
  readonly cgroups: boolean;
  /** Undefined: its boxes have no network namespace on this host, in which a network could be opened. */
  readonly networks: NetworkOrder | undefined;
  /** Resolves once PID 1 runs; its host process id. On failure everything it made is undone. `EngineError`. */
  start(box: EngineBox): Promise<{ readonly pid: number; readonly timing: EngineTiming }>;
  /** SIGKILL to PID 1, and so to the box; nothing when it is gone. */
  kill(box: Pick<EngineBox, 'id' | 'folder'>): Promise<void>;
  /** After PID 1 ended: unmounts, deletes the cgroups and the engine's own state; the disk stays. Twice is fine. */
  release(box: Pick<EngineBox, 'id' | 'folder'>): Promise<void>;
  /** Deletes what `start` left on disk (the box's disk too), after `release`. */
  destroy(box: Pick<EngineBox, 'id' | 'folder'>): Promise<void>;
  /** The host process id of PID 1 if the box runs. */
  pid(box: Pick<EngineBox, 'id' | 'folder'>): Promise<number | undefined>;
  /** Stops every process of a running box where it is, the guest too; `kill` works all the same. Twice is fine. */
  pause(box: EngineBox): Promise<void>;
  /** Lets a paused box go on; one that is not paused, or gone, is fine. */
  resume(box: Pick<EngineBox, 'id' | 'folder' | 'attached'>): Promise<void>;
  /** Gives a running box the hostname that `box` has; absent where a box keeps the one it was started with. */
  rename?(box: EngineBox): Promise<void>;
  /** Before `release`: whether a box ended because it was out of memory, where that ends it as a whole. @default false */
  wasOutOfMemory?(box: Pick<EngineBox, 'id' | 'folder'>): Promise<boolean>;
  /** Undefined when the box is gone. */
  usage(id: string): Promise<EngineUsage | undefined>;
}
