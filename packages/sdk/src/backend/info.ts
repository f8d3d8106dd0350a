import type {
  CapabilityOptions,
  HealthCheckOptions,
  PortOptions,
  SecurityPreset,
  TmpfsOptions,
  VolumeOptions,
} from './box-options.ts';
import type { NetworkInfo } from './network.ts';

/**
 * Where a box is in its life. `failed`: its last start failed, or it ended although nobody stopped it; it starts again as
 * a stopped one does. `unknown`: a runtime could not bring in order what a former one left.
 */
export type BoxStatus = 'configured' | 'running' | 'paused' | 'stopping' | 'stopped' | 'failed' | 'unknown';

/** What a box's health check says: `starting` until it first succeeds or has failed too often. */
export type HealthStatus = 'starting' | 'healthy' | 'unhealthy';

/** A box as it was when asked. */
export interface BoxInfo {
  /** A ULID. */
  readonly id: string;
  /** Undefined where it was made without one. */
  readonly name: string | undefined;
  /** Where it is in its life. */
  readonly status: BoxStatus;
  /** When it was made. */
  readonly createdAt: Date;
  /** When what is known of it last changed. */
  readonly updatedAt: Date;
  /** Host process id of the box's PID 1 while it runs. */
  readonly pid: number | undefined;
  /** The image it was made of, by reference. */
  readonly image: string;
  /** Processors that it may use. */
  readonly cpus: number;
  /** Memory that it may use, in MiB. */
  readonly memoryMib: number;
  /** Stopping the box removes it; undefined where a server does not tell. */
  readonly autoRemove: boolean | undefined;
  /** As they were given. */
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined where a server does not tell. */
  readonly network: NetworkInfo | undefined;
  /** When it last started; like all that follows absent where there is none or a server does not tell. */
  readonly startedAt?: Date | undefined;
  /** How its main command ended, since the last start. */
  readonly exitCode?: number | undefined;
  /** The execution of its main command, since the last start. */
  readonly mainExecutionId?: string | undefined;
  /** Why it is `failed`. */
  readonly errorMessage?: string | undefined;
  /** While it runs with a health check. */
  readonly healthStatus?: HealthStatus | undefined;
  /** Its own entrypoint, or its image's. */
  readonly entrypoint?: readonly string[] | undefined;
  /** Its own command, or its image's. */
  readonly cmd?: readonly string[] | undefined;
  /** It is stopped after so many milliseconds without use. */
  readonly autoStopMs?: number | undefined;
  /** It is removed so many milliseconds after its end. */
  readonly autoDeleteMs?: number | undefined;
  /** Whether using it starts it again. */
  readonly autoResume?: boolean | undefined;
  /** The preset that it runs with. Its environment is not told: what may read boxes is not to read secrets. */
  readonly security?: SecurityPreset | undefined;
  /** Given or taken on top of the preset. */
  readonly capabilities?: CapabilityOptions | undefined;
  /** The size of its own disk; absent where it shares the host's. */
  readonly diskSizeGb?: number | undefined;
  /** Most processes and threads at a time. */
  readonly processes?: number | undefined;
  /** Most open files of one process; absent where it is as many as the host allows. */
  readonly openFiles?: number | undefined;
  /** Most bytes kept of one execution's output; absent where it is the runtime's. */
  readonly outputLimitBytes?: number | undefined;
  /** Most executions at a time; absent where it is the runtime's. */
  readonly maxConcurrentExecutions?: number | undefined;
  /** Its own, or its image's. */
  readonly workingDir?: string | undefined;
  /** Its own, or its image's. */
  readonly user?: string | undefined;
  /** Whether its main command has a terminal. */
  readonly tty?: boolean | undefined;
  /** Whether it was to outlive the process that starts it. */
  readonly detach?: boolean | undefined;
  /** A managed volume by its id, a host directory without symbolic links. */
  readonly volumes?: readonly VolumeOptions[] | undefined;
  /** Its directories in memory. */
  readonly tmpfs?: readonly TmpfsOptions[] | undefined;
  /** The ports that it asks for, whether or not it runs; where they are is in `network.ports`. */
  readonly ports?: readonly PortOptions[] | undefined;
  /** With its defaults. */
  readonly healthCheck?: Required<HealthCheckOptions> | undefined;
  /** How long its last start took, or its making so far; only from a local runtime. */
  readonly bootTiming?: BootTiming | undefined;
}

/** Which page of boxes to list. */
export interface ListBoxesOptions {
  /** Most boxes of a page, 1 to 1000. @default 100 */
  readonly pageSize?: number;
  /** What the page before gave as `nextPageToken`. @default the first page */
  readonly pageToken?: string;
  /** Only boxes in that status. @default any */
  readonly status?: BoxStatus;
  /** Every label given must match. @default any */
  readonly labels?: Readonly<Record<string, string>>;
  /** What the name begins with. @default any */
  readonly namePrefix?: string;
}

/** A page of boxes. */
export interface BoxPage {
  /** Oldest first. */
  readonly boxes: readonly BoxInfo[];
  /** Where the next page begins; undefined on the last one. */
  readonly nextPageToken: string | undefined;
}

/** `lost`: it ended without anyone learning how; its exit code is not known and never will be. */
export type ExecutionStatus = 'running' | 'completed' | 'killed' | 'timed_out' | 'lost';

/** An execution as it was when asked. */
export interface ExecutionInfo {
  /** Names the execution within its box. */
  readonly id: string;
  /** The program and its arguments, up to 1,024 characters in all; what is longer ends in `…`. Undefined where nobody knows. */
  readonly command?: readonly string[] | undefined;
  /** How far it is. */
  readonly status: ExecutionStatus;
  /** Undefined while it runs and when it is not known; 128 + N after signal N. */
  readonly exitCode: number | undefined;
  /** The signal that ended it, such as `SIGKILL`. */
  readonly signal: string | undefined;
  /** When the command was started. */
  readonly startedAt: Date;
  /** How long it ran, in milliseconds; undefined while it runs. */
  readonly durationMs: number | undefined;
  /** What went wrong, where something did. */
  readonly errorMessage: string | undefined;
  /** How much it has written so far; absent where nobody tells. */
  readonly outputBytes?: { readonly stdout: number; readonly stderr: number } | undefined;
}

/** Counters of a runtime, and what there is right now. */
export interface RuntimeMetrics {
  /** Boxes made since the runtime began. */
  readonly boxesCreatedTotal: number;
  /** Boxes that failed to start since the runtime began. */
  readonly boxesFailedTotal: number;
  /** Boxes that were stopped since the runtime began. */
  readonly boxesStoppedTotal: number;
  /** Boxes that run now. */
  readonly numRunningBoxes: number;
  /** Commands started since the runtime began. */
  readonly totalCommandsExecuted: number;
  /** Commands that could not be started, since the runtime began. */
  readonly totalExecErrors: number;
  /** Boxes that are up and that nobody has asked for yet. */
  readonly numWarmBoxes: number;
  /** Boxes of the warm pool that could not be made, or ended before anyone took them, since the runtime began. */
  readonly warmFailuresTotal: number;
  /** The last of these, and why; absent while there was none. */
  readonly lastWarmFailure?: { readonly at: Date; readonly message: string } | undefined;
  /** Executions that have not ended. */
  readonly numRunningExecutions: number;
}

/** How long each step of making and starting a box took, in milliseconds. */
export interface BootTiming {
  /** All of it, milliseconds like each step. */
  readonly totalCreateMs?: number;
  /** From the start of its first process until the guest answered. */
  readonly guestBootMs?: number;
  /** Making its disk. */
  readonly filesystemSetupMs?: number;
  /** Finding or fetching its image. */
  readonly imagePrepareMs?: number;
  /** Putting its root file system together, where a server tells it apart. */
  readonly guestRootfsMs?: number;
  /** Its network, and writing down what it is. */
  readonly boxConfigMs?: number;
  /** Starting its engine. */
  readonly boxSpawnMs?: number;
  /** Starting its first process, where a server tells it apart. */
  readonly containerInitMs?: number;
}

/** Counters of a box; its gauges are undefined while it does not run. */
export interface BoxMetrics {
  /** Commands that were started in it. */
  readonly commandsExecutedTotal: number;
  /** Commands that could not be started. */
  readonly execErrorsTotal: number;
  /** Bytes that went into the box: stdin and files. */
  readonly bytesSentTotal: number;
  /** Bytes that came out of the box: output and files. */
  readonly bytesReceivedTotal: number;
  /** 100 is one whole processor; between this reading and the one before, so undefined at the first. */
  readonly cpuPercent: number | undefined;
  /** Memory in use. */
  readonly memoryBytes: number | undefined;
  /** Bytes that the box sent over its network in this run; undefined while it does not run. */
  readonly networkBytesSent: number | undefined;
  /** Bytes that the box received over its network in this run. */
  readonly networkBytesReceived: number | undefined;
  /** TCP connections open now. */
  readonly networkTcpConnections: number | undefined;
  /** TCP connections that were refused or failed in this run. */
  readonly networkTcpErrors: number | undefined;
  /** How long its last start took, step by step; undefined where nobody tells. */
  readonly bootTiming: BootTiming | undefined;
}

/** What this runtime gives by default, and what it can do. */
export interface RuntimeConfig {
  /** What a box gets that does not ask for something else. */
  readonly defaults: {
    readonly cpus: number;
    readonly memoryMib: number;
    /** Undefined where a box may fill the disk that it lies on. */
    readonly diskSizeGb: number | undefined;
    readonly securityPreset: SecurityPreset;
    readonly autoRemove: boolean;
  };
  /** What this runtime can do, and its limits. */
  readonly capabilities: {
    /** 0 where the processors of a box cannot be limited, and asking for it is refused. */
    readonly maxCpus: number;
    /** 0 where the memory of a box cannot be limited. */
    readonly maxMemoryMib: number;
    /** 0 where the disk of a box cannot have a size. */
    readonly maxDiskSizeGb: number;
    readonly maxBoxesPerPrefix: number;
    readonly maxConcurrentExecutions: number;
    readonly fileTransferMaxBytes: number;
    readonly execTimeoutMaxSeconds: number;
    /** How long, and how much in all, output is kept after its execution's end; undefined where nobody tells. */
    readonly outputRetentionMs: number | undefined;
    readonly outputRetentionBytes: number | undefined;
    readonly ttyEnabled: boolean;
    readonly streamingEnabled: boolean;
    /** Whether `capabilities` of a box may be given. */
    readonly linuxCapabilitiesEnabled: boolean;
    readonly snapshotsEnabled: boolean;
    readonly cloneEnabled: boolean;
    readonly exportEnabled: boolean;
    readonly importEnabled: boolean;
    readonly volumesEnabled: boolean;
    /** Whether `files` has more than `read` and `write`, and takes them as streams. */
    readonly filesEnabled: boolean;
    readonly imageRemoveEnabled: boolean;
    readonly imageImportEnabled: boolean;
    /** Whether `executions` lists them. */
    readonly executionListEnabled: boolean;
    readonly supportedSecurityPresets: readonly SecurityPreset[];
    /** ISO 8601 duration; undefined where keys are not honoured. */
    readonly idempotencyKeyLifetime: string | undefined;
  };
}

/** A named copy of a box's disk. */
export interface SnapshotInfo {
  /** A ULID. */
  readonly id: string;
  /** The box whose disk it is a copy of. */
  readonly boxId: string;
  /** Names it within its box. */
  readonly name: string;
  /** When it was made. */
  readonly createdAt: Date;
  /** Bytes that the box's disk held, or could hold where it has a size. */
  readonly containerDiskBytes: number;
  /** Bytes that the snapshot took of the disk below, where blocks are not shared. */
  readonly sizeBytes: number;
}

/** Whether a volume can be used: only `ready` ones can. */
export type VolumeState = 'ready' | 'creating' | 'deleting' | 'deleted' | 'error' | 'unknown';

/** A directory that outlives boxes. */
export interface VolumeInfo {
  /** Names it for ever. */
  readonly id: string;
  /** The id, where none was given. */
  readonly name: string;
  /** Whether it can be used. */
  readonly state: VolumeState;
  /** When it was made. */
  readonly createdAt: Date;
  /** When what is known of it last changed. */
  readonly updatedAt: Date;
  /** When a box with it was last made. */
  readonly lastUsedAt: Date | undefined;
}
