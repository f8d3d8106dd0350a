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
  };
}

/** Whether a stop removes the box. */
export function isRemovedAtStop({ autoRemove, autoDeleteMs }: BoxOptions): boolean {
  return autoRemove ?? autoDeleteMs === undefined;
}
