import type { SecurityPreset } from './box-options.ts';
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
  readonly name: string | undefined;
  readonly status: BoxStatus;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Host process id of the box's PID 1 while it runs. */
  readonly pid: number | undefined;
  readonly image: string;
  readonly cpus: number;
  readonly memoryMib: number;
  /** Stopping the box removes it; undefined where a server does not tell. */
  readonly autoRemove: boolean | undefined;
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
  readonly autoStopMs?: number | undefined;
  readonly autoDeleteMs?: number | undefined;
  readonly autoResume?: boolean | undefined;
  /** How long its last start took, or its making so far; only from a local runtime. */
  readonly bootTiming?: BootTiming | undefined;
}

export interface ListBoxesOptions {
  /** 1 to 1000. @default 100 */
  readonly pageSize?: number;
  readonly pageToken?: string;
  readonly status?: BoxStatus;
  /** Every label given must match. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What the name begins with. */
  readonly namePrefix?: string;
}

export interface BoxPage {
  readonly boxes: readonly BoxInfo[];
  readonly nextPageToken: string | undefined;
}

/** `lost`: it ended without anyone learning how; its exit code is not known and never will be. */
export type ExecutionStatus = 'running' | 'completed' | 'killed' | 'timed_out' | 'lost';

/** An execution as it was when asked. */
export interface ExecutionInfo {
  readonly id: string;
  readonly status: ExecutionStatus;
  /** Undefined while it runs and when it is not known; 128 + N after signal N. */
  readonly exitCode: number | undefined;
  /** The signal that ended it, such as `SIGKILL`. */
  readonly signal: string | undefined;
  readonly startedAt: Date;
  readonly durationMs: number | undefined;
  readonly errorMessage: string | undefined;
  /** How much it has written so far; absent where nobody tells. */
  readonly outputBytes?: { readonly stdout: number; readonly stderr: number } | undefined;
}

export interface RuntimeMetrics {
  readonly boxesCreatedTotal: number;
  readonly boxesFailedTotal: number;
  readonly boxesStoppedTotal: number;
  readonly numRunningBoxes: number;
  readonly totalCommandsExecuted: number;
  readonly totalExecErrors: number;
  /** Boxes that are up and that nobody has asked for yet. */
  readonly numWarmBoxes: number;
  /** Executions that have not ended. */
  readonly numRunningExecutions: number;
}

/** How long each step of making and starting a box took, in milliseconds. */
export interface BootTiming {
  readonly totalCreateMs?: number;
  readonly guestBootMs?: number;
  readonly filesystemSetupMs?: number;
  readonly imagePrepareMs?: number;
  readonly guestRootfsMs?: number;
  readonly boxConfigMs?: number;
  readonly boxSpawnMs?: number;
  readonly containerInitMs?: number;
}

export interface BoxMetrics {
  readonly commandsExecutedTotal: number;
  readonly execErrorsTotal: number;
  /** Bytes that went into the box: stdin and files. */
  readonly bytesSentTotal: number;
  /** Bytes that came out of the box: output and files. */
  readonly bytesReceivedTotal: number;
  /** 100 is one whole processor. */
  readonly cpuPercent: number | undefined;
  readonly memoryBytes: number | undefined;
  /** Bytes that the box sent over its network in this run; undefined while it does not run. */
  readonly networkBytesSent: number | undefined;
  readonly networkBytesReceived: number | undefined;
  /** TCP connections open now. */
  readonly networkTcpConnections: number | undefined;
  /** TCP connections that were refused or failed in this run. */
  readonly networkTcpErrors: number | undefined;
  readonly bootTiming: BootTiming | undefined;
}

/** What this runtime gives by default, and what it can do. */
export interface RuntimeConfig {
  readonly defaults: {
    readonly cpus: number;
    readonly memoryMib: number;
    /** Undefined where a box may fill the disk that it lies on. */
    readonly diskSizeGb: number | undefined;
    readonly securityPreset: SecurityPreset;
    readonly autoRemove: boolean;
  };
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

export interface ImageInfo {
  /** The full reference, such as `docker.io/library/alpine:latest`. */
  readonly reference: string;
  readonly repository: string;
  readonly tag: string;
  /** The manifest's digest, `sha256:…`. */
  readonly id: string;
  readonly cachedAt: Date;
  readonly sizeBytes: number | undefined;
}

/** What an image says of how it is to be run (OCI image spec, config.md, `config`). */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** @default '/' */
  readonly workingDir: string;
  /** `user`, `uid`, either with `:group` or `:gid`; empty is root. */
  readonly user: string;
  /** Such as `SIGINT`; undefined where the image does not say. */
  readonly stopSignal: string | undefined;
  /** Such as `80/tcp`. */
  readonly exposedPorts: readonly string[];
  /** Paths that are meant to be volumes. */
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** One layer of an image. */
export interface ImageLayer {
  /** Of the layer as it is transferred; undefined where it never was, as in an imported root file system. */
  readonly digest: string | undefined;
  /** Of the layer as a tar. */
  readonly diffId: string;
  /** Bytes as it is transferred. */
  readonly sizeBytes: number | undefined;
  /** Bytes as a tar. */
  readonly unpackedBytes: number;
}

/** An image with what is in it; what a server does not tell is undefined. */
export interface ImageDetails extends ImageInfo {
  /** `os/architecture[/variant]`. */
  readonly platform: string | undefined;
  readonly config: ImageConfig | undefined;
  /** Lowest first. */
  readonly layers: readonly ImageLayer[] | undefined;
}

/** What {@link ImagesBackend.prune} did. */
export interface PruneResult {
  /** Names that were removed. */
  readonly removed: readonly string[];
  /** Bytes of layers and parts of layers that were deleted, as they are before file systems round up. */
  readonly freedBytes: number;
}

/** A named copy of a box's disk. */
export interface SnapshotInfo {
  readonly id: string;
  readonly boxId: string;
  readonly name: string;
  readonly createdAt: Date;
  /** Bytes that the box's disk held, or could hold where it has a size. */
  readonly containerDiskBytes: number;
  /** Bytes that the snapshot took of the disk below, where blocks are not shared. */
  readonly sizeBytes: number;
}

export type VolumeState = 'ready' | 'creating' | 'deleting' | 'deleted' | 'error' | 'unknown';

/** A directory that outlives boxes. */
export interface VolumeInfo {
  readonly id: string;
  /** The id, where none was given. */
  readonly name: string;
  readonly state: VolumeState;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** When a box with it was last made. */
  readonly lastUsedAt: Date | undefined;
}

export interface ImagePage {
  readonly images: readonly ImageInfo[];
  readonly nextPageToken: string | undefined;
}
