import {
  type BootTiming as BootTimingWire,
  type BoxMetrics as BoxMetricsWire,
  boxMetrics as boxMetricsSchema,
  getBoxMetrics,
  getRuntimeMetrics,
  type RuntimeMetrics as RuntimeMetricsWire,
  runtimeMetrics as runtimeMetricsSchema,
} from '@boxlite/api';
import { query } from '@boxlite/rest';
import type { BoxBackend, RuntimeBackend } from '../backend/backend.ts';
import type { BootTiming, BoxMetrics, RuntimeMetrics } from '../backend/info.ts';
import type { Connection } from './connection.ts';

/** The counters of a server. */
export function restMetrics(connection: Connection): Pick<RuntimeBackend, 'metrics'> {
  return {
    metrics: async (call) =>
      runtimeMetrics(await connection.send(query(getRuntimeMetrics(), runtimeMetricsSchema), call)),
  };
}

/** The counters of a box. */
export function restBoxMetrics(connection: Connection, box: string): Pick<BoxBackend, 'metrics'> {
  return {
    metrics: async (call) => boxMetrics(await connection.send(query(getBoxMetrics({ box }), boxMetricsSchema), call)),
  };
}

/** A runtime's counters. */
function runtimeMetrics(metrics: RuntimeMetricsWire): RuntimeMetrics {
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
function boxMetrics(metrics: BoxMetricsWire): BoxMetrics {
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

function bootTiming(timing: BootTimingWire): BootTiming {
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
