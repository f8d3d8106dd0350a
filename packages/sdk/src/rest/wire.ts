import type * as api from '@boxlite/api';
import type { BoxOptions, ExecOptions } from '../backend/box-options.ts';
import type { ImageConfig, ImageDetails, ImageInfo } from '../backend/images.ts';
import type {
  BootTiming,
  BoxInfo,
  BoxMetrics,
  ExecutionInfo,
  RuntimeConfig,
  RuntimeMetrics,
  SnapshotInfo,
  VolumeInfo,
} from '../backend/info.ts';
import { InternalError } from '../errors.ts';
import { networkInfo, networkSpec } from './network-wire.ts';

/** A box as the wire says it. */
export function boxInfo(box: api.Box): BoxInfo {
  return {
    id: box.box_id,
    name: box.name ?? undefined,
    status: box.status,
    createdAt: date('created_at', box.created_at),
    updatedAt: date('updated_at', box.updated_at),
    pid: box.pid ?? undefined,
    image: box.image,
    cpus: box.cpus,
    memoryMib: box.memory_mib,
    autoRemove: box.auto_remove ?? undefined,
    labels: box.labels,
    startedAt: box.started_at == null ? undefined : date('started_at', box.started_at),
    exitCode: box.exit_code ?? undefined,
    mainExecutionId: box.main_execution_id ?? undefined,
    errorMessage: box.error_message ?? undefined,
    healthStatus: box.health_status ?? undefined,
    entrypoint: box.entrypoint ?? undefined,
    cmd: box.cmd ?? undefined,
    autoStopMs: toMs(box.auto_stop),
    autoDeleteMs: toMs(box.auto_delete),
    autoResume: box.auto_resume ?? undefined,
    network: box.network == null ? undefined : networkInfo(box.network),
  };
}

/** Seconds of the wire, where 0 is never. */
function toMs(seconds: number | null | undefined): number | undefined {
  return seconds ? Math.round(seconds * 1000) : undefined;
}

/** An execution as the wire says it; `startedAt` is now where the server does not tell. */
export function executionInfo(info: api.ExecutionInfo): ExecutionInfo {
  return {
    id: info.execution_id,
    status: info.status,
    exitCode: info.exit_code ?? undefined,
    signal: info.signal ?? undefined,
    startedAt: info.started_at == null ? new Date() : date('started_at', info.started_at),
    durationMs: info.duration_ms ?? undefined,
    errorMessage: info.error_message ?? undefined,
    outputBytes:
      info.stdout_bytes == null || info.stderr_bytes == null
        ? undefined
        : { stdout: info.stdout_bytes, stderr: info.stderr_bytes },
  };
}

/** An image as the wire says it. */
export function imageInfo(image: api.ImageInfo): ImageInfo {
  const { reference, repository, tag, id } = image;
  const cachedAt = date('cached_at', image.cached_at);
  return { reference, repository, tag, id, cachedAt, sizeBytes: image.size_bytes ?? undefined };
}

/** An image with what is in it. */
export function imageDetails(image: api.ImageDetails): ImageDetails {
  const { platform, config, layers } = image;
  return {
    ...imageInfo(image),
    platform: platform ?? undefined,
    config: config == null ? undefined : imageConfig(config),
    layers: layers?.map(({ digest, diff_id, size_bytes, unpacked_bytes }) => ({
      digest: digest ?? undefined,
      diffId: diff_id,
      sizeBytes: size_bytes ?? undefined,
      unpackedBytes: unpacked_bytes,
    })),
  };
}

function imageConfig(config: api.ImageConfig): ImageConfig {
  const { entrypoint, cmd, env, user, volumes, labels } = config;
  return {
    ...{ entrypoint, cmd, env, user, volumes, labels },
    workingDir: config.working_dir,
    stopSignal: config.stop_signal ?? undefined,
    exposedPorts: config.exposed_ports,
  };
}

/** A snapshot as the wire says it. */
export function snapshotInfo(snapshot: api.Snapshot): SnapshotInfo {
  return {
    id: snapshot.id,
    boxId: snapshot.box_id,
    name: snapshot.name,
    createdAt: new Date(snapshot.created_at * 1000),
    containerDiskBytes: snapshot.container_disk_bytes,
    sizeBytes: snapshot.size_bytes,
  };
}

/** A volume as the wire says it. */
export function volumeInfo(volume: api.Volume): VolumeInfo {
  return {
    id: volume.id,
    name: volume.name ?? volume.id,
    state: volume.state ?? 'ready',
    createdAt: date('created_at', volume.created_at),
    updatedAt: date('updated_at', volume.updated_at ?? volume.created_at),
    lastUsedAt: volume.last_used_at == null ? undefined : date('last_used_at', volume.last_used_at),
  };
}

/** What a new box is made of, in the wire's words. */
export function createBoxRequest(options: BoxOptions, name: string | undefined): api.CreateBoxRequest {
  return {
    name,
    image: options.image,
    rootfs_path: options.rootfsPath,
    cpus: options.cpus,
    memory_mib: options.memoryMib,
    disk_size_gb: options.diskSizeGb,
    processes: options.processes,
    open_files: options.openFiles,
    output_limit_bytes: options.outputLimitBytes,
    max_concurrent_executions: options.maxConcurrentExecutions,
    working_dir: options.workingDir,
    env: options.env,
    entrypoint: options.entrypoint,
    cmd: options.cmd,
    user: options.user,
    tty: options.tty,
    volumes: options.volumes?.map((volume) => ({
      ...('volume' in volume ? { managed_volume: volume.volume } : { host_path: volume.hostPath }),
      guest_path: volume.guestPath,
      read_only: volume.readOnly,
    })),
    tmpfs: options.tmpfs?.map(({ guestPath, sizeMib }) => ({ guest_path: guestPath, size_mib: sizeMib })),
    ports: options.ports?.map((port) => ({
      host_port: port.hostPort,
      guest_port: port.guestPort,
      protocol: port.protocol,
      host_ip: port.hostIp,
    })),
    network: networkSpec(options.network),
    // Said always: what a server takes it for when it is not there depends on the credential.
    auto_remove: options.autoRemove ?? options.autoDeleteMs === undefined,
    detach: options.detach,
    auto_stop: seconds(options.autoStopMs),
    auto_delete: seconds(options.autoDeleteMs),
    auto_resume: options.autoResume,
    health_check: options.healthCheck && {
      command: options.healthCheck.command,
      interval_seconds: seconds(options.healthCheck.intervalMs),
      timeout_seconds: seconds(options.healthCheck.timeoutMs),
      retries: options.healthCheck.retries,
      start_period_seconds: seconds(options.healthCheck.startPeriodMs),
    },
    security: options.security,
    advanced: options.capabilities && { capabilities: options.capabilities },
    labels: options.labels,
  };
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

/** A command, in the wire's words. */
export function execRequest(options: ExecOptions): api.ExecRequest {
  return {
    command: options.command,
    args: options.args,
    env: options.env,
    timeout_seconds: seconds(options.timeoutMs),
    working_dir: options.workingDir,
    user: options.user,
    tty: options.tty ?? false,
    cols: options.size?.cols,
    rows: options.size?.rows,
    output: options.output && { policy: options.output.policy, limit_bytes: options.output.limitBytes },
  };
}

/** A runtime's counters. */
export function runtimeMetrics(metrics: api.RuntimeMetrics): RuntimeMetrics {
  return {
    boxesCreatedTotal: metrics.boxes_created_total,
    boxesFailedTotal: metrics.boxes_failed_total,
    boxesStoppedTotal: metrics.boxes_stopped_total,
    numRunningBoxes: metrics.num_running_boxes,
    totalCommandsExecuted: metrics.total_commands_executed,
    totalExecErrors: metrics.total_exec_errors,
    numWarmBoxes: metrics.num_warm_boxes,
    warmFailuresTotal: metrics.warm_failures_total,
    ...(metrics.last_warm_failure && {
      lastWarmFailure: { at: new Date(metrics.last_warm_failure.at), message: metrics.last_warm_failure.message },
    }),
    numRunningExecutions: metrics.num_running_executions,
  };
}

/** A box's counters and gauges. */
export function boxMetrics(metrics: api.BoxMetrics): BoxMetrics {
  return {
    commandsExecutedTotal: metrics.commands_executed_total,
    execErrorsTotal: metrics.exec_errors_total,
    bytesSentTotal: metrics.bytes_sent_total,
    bytesReceivedTotal: metrics.bytes_received_total,
    cpuPercent: metrics.cpu_percent ?? undefined,
    memoryBytes: metrics.memory_bytes ?? undefined,
    networkBytesSent: metrics.network_bytes_sent ?? undefined,
    networkBytesReceived: metrics.network_bytes_received ?? undefined,
    networkTcpConnections: metrics.network_tcp_connections ?? undefined,
    networkTcpErrors: metrics.network_tcp_errors ?? undefined,
    bootTiming: metrics.boot_timing == null ? undefined : bootTiming(metrics.boot_timing),
  };
}

function bootTiming(timing: api.BootTiming): BootTiming {
  const steps = {
    totalCreateMs: timing.total_create_ms,
    guestBootMs: timing.guest_boot_ms,
    filesystemSetupMs: timing.filesystem_setup_ms,
    imagePrepareMs: timing.image_prepare_ms,
    guestRootfsMs: timing.guest_rootfs_ms,
    boxConfigMs: timing.box_config_ms,
    boxSpawnMs: timing.box_spawn_ms,
    containerInitMs: timing.container_init_ms,
  };
  return Object.fromEntries(Object.entries(steps).filter(([, ms]) => ms != null));
}

/** A server's configuration; a limit that it does not state is Infinity, a default that it does not state is this project's. */
export function runtimeConfig({ defaults, capabilities }: api.SandboxConfig): RuntimeConfig {
  return {
    defaults: {
      cpus: defaults?.cpus ?? 1,
      memoryMib: defaults?.memory_mib ?? 512,
      diskSizeGb: defaults?.disk_size_gb ?? undefined,
      securityPreset: defaults?.security_preset ?? 'standard',
      autoRemove: defaults?.auto_remove ?? true,
    },
    capabilities: {
      maxCpus: capabilities?.max_cpus ?? Infinity,
      maxMemoryMib: capabilities?.max_memory_mib ?? Infinity,
      maxDiskSizeGb: capabilities?.max_disk_size_gb ?? Infinity,
      maxBoxesPerPrefix: capabilities?.max_boxes_per_prefix ?? Infinity,
      maxConcurrentExecutions: capabilities?.max_concurrent_executions ?? Infinity,
      fileTransferMaxBytes: capabilities?.file_transfer_max_bytes ?? Infinity,
      execTimeoutMaxSeconds: capabilities?.exec_timeout_max_seconds ?? Infinity,
      outputRetentionMs: toMs(capabilities?.output_retention_seconds),
      outputRetentionBytes: capabilities?.output_retention_bytes ?? undefined,
      ttyEnabled: capabilities?.tty_enabled ?? true,
      streamingEnabled: capabilities?.streaming_enabled ?? true,
      linuxCapabilitiesEnabled: capabilities?.linux_capabilities_enabled ?? false,
      snapshotsEnabled: capabilities?.snapshots_enabled ?? false,
      cloneEnabled: capabilities?.clone_enabled ?? false,
      exportEnabled: capabilities?.export_enabled ?? false,
      importEnabled: capabilities?.import_enabled ?? false,
      volumesEnabled: capabilities?.volumes_enabled ?? false,
      filesEnabled: capabilities?.files_enabled ?? false,
      imageRemoveEnabled: capabilities?.image_remove_enabled ?? false,
      imageImportEnabled: capabilities?.image_import_enabled ?? false,
      executionListEnabled: capabilities?.execution_list_enabled ?? false,
      supportedSecurityPresets: capabilities?.supported_security_presets ?? ['standard'],
      idempotencyKeyLifetime: capabilities?.idempotency_key_lifetime ?? undefined,
    },
  };
}

/** An instant of an answer; `InternalError` for a text that is none. */
export function date(field: string, value: string): Date {
  const parsed = new Date(value);
  if (Number.isNaN(parsed.getTime()))
    throw new InternalError(`the server's answer has a ${field} that is no date: ${value}`);
  return parsed;
}
