import type { BoxInfo, BoxOptions, HealthStatus, PublishedPort } from 'boxlite/backend';
import type { BoxRecord } from '../store/box-records.ts';
import { networkInfo } from './box-network.ts';

/** What there is to say about a box; `ports` are those that are published now. */
export function boxInfo(record: BoxRecord, healthStatus?: HealthStatus, ports?: readonly PublishedPort[]): BoxInfo {
  const { options, defaults, history } = record;
  return {
    id: record.id,
    name: record.name,
    status: record.status,
    createdAt: new Date(record.createdAt),
    updatedAt: new Date(record.updatedAt),
    pid: record.pid,
    image: record.image,
    cpus: options.cpus ?? 1,
    memoryMib: options.memoryMib ?? 512,
    autoRemove: isRemovedAtStop(options),
    labels: options.labels ?? {},
    startedAt: history.startedAt === undefined ? undefined : new Date(history.startedAt),
    exitCode: history.exitCode,
    mainExecutionId: history.main,
    errorMessage: history.errorMessage,
    healthStatus,
    entrypoint: options.entrypoint ?? defaults.entrypoint,
    cmd: options.cmd ?? defaults.cmd,
    autoStopMs: options.autoStopMs,
    autoDeleteMs: options.autoDeleteMs,
    autoResume: options.autoResume ?? true,
    network: networkInfo(record, ports),
    bootTiming: record.timing,
    ...madeWith(record),
  };
}

/** What it was made with, as far as it can be read by whoever may see it: not its environment, which often has secrets. */
function madeWith({ options, defaults }: BoxRecord): Partial<BoxInfo> {
  const { add = [], drop = [] } = options.capabilities ?? {};
  return {
    security: options.security ?? 'standard',
    capabilities: options.capabilities && { add, drop },
    diskSizeGb: options.diskSizeGb,
    processes: options.processes,
    openFiles: options.openFiles,
    outputLimitBytes: options.outputLimitBytes,
    maxConcurrentExecutions: options.maxConcurrentExecutions,
    workingDir: options.workingDir ?? (defaults.workingDir || undefined),
    user: options.user ?? (defaults.user || undefined),
    tty: options.tty ?? false,
    detach: options.detach ?? false,
    volumes: options.volumes?.map((volume) => ({ ...volume, readOnly: volume.readOnly ?? false })),
    tmpfs: options.tmpfs?.map(({ guestPath, sizeMib = 64 }) => ({ guestPath, sizeMib })),
    ports: options.ports?.map(({ guestPort, hostPort = 0, protocol = 'tcp', hostIp = '127.0.0.1' }) => ({
      ...{ guestPort, hostPort, protocol, hostIp },
    })),
    healthCheck: options.healthCheck && {
      ...{ intervalMs: 30_000, timeoutMs: 30_000, retries: 3, startPeriodMs: 0 },
      ...options.healthCheck,
    },
  };
}

/** Whether a stop removes the box. */
export function isRemovedAtStop({ autoRemove, autoDeleteMs }: BoxOptions): boolean {
  return autoRemove ?? autoDeleteMs === undefined;
}
