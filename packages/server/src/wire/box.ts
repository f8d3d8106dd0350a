import type { Box, ListBoxesResponse } from '@boxlite/api';
import type { BoxInfo, BoxPage } from 'boxlite/backend';
import { networkToWire } from './network.ts';

/** A box as the wire says it. */
export function boxToWire(info: BoxInfo): Box {
  return {
    box_id: info.id,
    name: info.name ?? null,
    status: info.status,
    created_at: info.createdAt.toISOString(),
    updated_at: info.updatedAt.toISOString(),
    pid: info.pid ?? null,
    image: info.image,
    cpus: info.cpus,
    memory_mib: info.memoryMib,
    auto_remove: info.autoRemove ?? null,
    labels: info.labels,
    started_at: info.startedAt?.toISOString() ?? null,
    exit_code: info.exitCode ?? null,
    main_execution_id: info.mainExecutionId ?? null,
    error_message: info.errorMessage ?? null,
    health_status: info.healthStatus ?? null,
    entrypoint: info.entrypoint ?? null,
    cmd: info.cmd ?? null,
    auto_stop: (info.autoStopMs ?? 0) / 1000,
    auto_pause: (info.autoStopMs ?? 0) / 1000,
    auto_delete: (info.autoDeleteMs ?? 0) / 1000,
    auto_resume: info.autoResume ?? null,
    network: info.network ? networkToWire(info.network) : null,
    ...madeWithToWire(info),
  };
}

/** What it was made with, in the words of the request for it; what there is not is left out. */
function madeWithToWire(info: BoxInfo): Partial<Box> {
  const { add = [], drop = [] } = info.capabilities ?? {};
  return {
    security: info.security,
    advanced: info.capabilities && { capabilities: { add, drop } },
    disk_size_gb: info.diskSizeGb,
    processes: info.processes,
    open_files: info.openFiles,
    output_limit_bytes: info.outputLimitBytes,
    max_concurrent_executions: info.maxConcurrentExecutions,
    working_dir: info.workingDir,
    user: info.user,
    tty: info.tty,
    detach: info.detach,
    volumes: info.volumes?.map((volume) => ({
      ...('volume' in volume ? { managed_volume: volume.volume } : { host_path: volume.hostPath }),
      guest_path: volume.guestPath,
      read_only: volume.readOnly,
    })),
    tmpfs: info.tmpfs?.map(({ guestPath, sizeMib = 64 }) => ({ guest_path: guestPath, size_mib: sizeMib })),
    ports: info.ports?.map(({ guestPort, hostPort = 0, protocol = 'tcp', hostIp = '127.0.0.1' }) => ({
      ...{ host_port: hostPort, guest_port: guestPort, protocol, host_ip: hostIp },
    })),
    health_check: info.healthCheck && {
      command: info.healthCheck.command,
      interval_seconds: info.healthCheck.intervalMs / 1000,
      timeout_seconds: info.healthCheck.timeoutMs / 1000,
      retries: info.healthCheck.retries,
      start_period_seconds: info.healthCheck.startPeriodMs / 1000,
    },
  };
}

const texts = new WeakMap<BoxInfo, string>();

/** The same in JSON, written once for what a backend gives again and again. */
export function boxText(info: BoxInfo): string {
  const known = texts.get(info);
  if (known !== undefined) return known;
  const text = JSON.stringify(boxToWire(info));
  texts.set(info, text);
  return text;
}

/** A page of boxes as the wire says it. */
export function boxPageToWire({ boxes }: BoxPage, next_page_token: string | null): ListBoxesResponse {
  return { boxes: boxes.map(boxToWire), next_page_token };
}
