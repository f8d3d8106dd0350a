import type * as api from '@boxlite/api';
import type { BoxOptions } from '../backend/box-options.ts';
import type { BoxInfo } from '../backend/info.ts';
import { hostPort, networkInfo, networkSpec } from './network-wire.ts';
import { date, inMs, inSeconds } from './time-wire.ts';

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
    autoStopMs: inMs(box.auto_stop),
    autoDeleteMs: inMs(box.auto_delete),
    autoResume: box.auto_resume ?? undefined,
    network: box.network == null ? undefined : networkInfo(box.network),
    security: box.security,
    capabilities: box.advanced?.capabilities,
    diskSizeGb: box.disk_size_gb,
    processes: box.processes,
    openFiles: box.open_files,
    outputLimitBytes: box.output_limit_bytes,
    maxConcurrentExecutions: box.max_concurrent_executions,
    workingDir: box.working_dir,
    user: box.user,
    tty: box.tty,
    detach: box.detach,
    volumes: box.volumes?.map(({ host_path, managed_volume, guest_path, read_only }) => ({
      ...(managed_volume === undefined ? { hostPath: host_path ?? '' } : { volume: managed_volume }),
      guestPath: guest_path,
      readOnly: read_only ?? false,
    })),
    tmpfs: box.tmpfs?.map(({ guest_path, size_mib }) => ({ guestPath: guest_path, sizeMib: size_mib })),
    ports: box.ports?.map(hostPort),
    healthCheck: box.health_check && {
      command: box.health_check.command,
      intervalMs: Math.round(box.health_check.interval_seconds * 1000),
      timeoutMs: Math.round(box.health_check.timeout_seconds * 1000),
      retries: box.health_check.retries,
      startPeriodMs: Math.round(box.health_check.start_period_seconds * 1000),
    },
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
    auto_stop: inSeconds(options.autoStopMs),
    auto_delete: inSeconds(options.autoDeleteMs),
    auto_resume: options.autoResume,
    health_check: options.healthCheck && {
      command: options.healthCheck.command,
      interval_seconds: inSeconds(options.healthCheck.intervalMs),
      timeout_seconds: inSeconds(options.healthCheck.timeoutMs),
      retries: options.healthCheck.retries,
      start_period_seconds: inSeconds(options.healthCheck.startPeriodMs),
    },
    security: options.security,
    advanced: options.capabilities && { capabilities: options.capabilities },
    labels: options.labels,
  };
}
