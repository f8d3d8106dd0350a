import type { CreateBoxRequest, ExecRequest, HealthCheckSpec } from '@boxlite/api';
import type { BoxOptions, ExecOptions, HealthCheckOptions } from 'boxlite/backend';
import { networkFromWire } from './network.ts';
import { present } from './present.ts';

/**
 * The options of a box that a request asks for; its name goes apart. Clients of generation 2 know no `auto_remove`: a
 * stop leaves their boxes there.
 */
export function boxOptionsFromWire(request: CreateBoxRequest, generation: 1 | 2): BoxOptions {
  return present({
    image: request.image,
    rootfsPath: request.rootfs_path,
    cpus: request.cpus,
    memoryMib: request.memory_mib,
    diskSizeGb: request.disk_size_gb,
    processes: request.processes,
    openFiles: request.open_files,
    outputLimitBytes: request.output_limit_bytes,
    maxConcurrentExecutions: request.max_concurrent_executions,
    workingDir: request.working_dir,
    env: request.env,
    entrypoint: request.entrypoint,
    cmd: request.cmd,
    user: request.user,
    tty: request.tty,
    volumes: request.volumes?.map((volume) =>
      present({
        ...(volume.managed_volume === undefined
          ? { hostPath: volume.host_path ?? '' }
          : { volume: volume.managed_volume }),
        guestPath: volume.guest_path,
        readOnly: volume.read_only,
      }),
    ),
    tmpfs: request.tmpfs?.map(({ guest_path, size_mib }) => present({ guestPath: guest_path, sizeMib: size_mib })),
    ports: request.ports?.map((port) =>
      present({
        hostPort: port.host_port,
        guestPort: port.guest_port,
        protocol: port.protocol,
        hostIp: port.host_ip,
      }),
    ),
    network: request.network && networkFromWire(request.network),
    autoRemove: request.auto_remove ?? (generation === 2 ? false : undefined),
    detach: request.detach,
    autoStopMs: fromSeconds(request.auto_stop ?? request.auto_pause) || undefined,
    autoDeleteMs: fromSeconds(request.auto_delete) || undefined,
    autoResume: request.auto_resume,
    healthCheck: request.health_check && healthCheckFromWire(request.health_check),
    security: request.security,
    capabilities: request.advanced?.capabilities && present(request.advanced.capabilities),
    labels: request.labels,
  });
}

function healthCheckFromWire(check: HealthCheckSpec): HealthCheckOptions {
  return present({
    command: check.command,
    intervalMs: fromSeconds(check.interval_seconds),
    timeoutMs: fromSeconds(check.timeout_seconds),
    retries: check.retries,
    startPeriodMs: fromSeconds(check.start_period_seconds),
  });
}

function fromSeconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}

/** The options of a command that a request asks for. */
export function execOptionsFromWire(request: ExecRequest): ExecOptions {
  const { cols, rows, timeout_seconds } = request;
  const sized = cols !== undefined || rows !== undefined;
  return present({
    command: request.command,
    args: request.args,
    env: request.env,
    workingDir: request.working_dir,
    user: request.user,
    tty: request.tty,
    size: sized ? { cols: cols ?? 80, rows: rows ?? 24 } : undefined,
    timeoutMs: fromSeconds(timeout_seconds),
    output: request.output && present({ policy: request.output.policy, limitBytes: request.output.limit_bytes }),
  });
}
