import type { BoxMetrics as BoxMetricsWire, RuntimeMetrics as RuntimeMetricsWire } from '@boxlite/api';
import type { BoxMetrics, RuntimeMetrics } from 'boxlite/backend';

/** A runtime's counters as the wire says them. */
export function runtimeMetricsToWire(metrics: RuntimeMetrics): RuntimeMetricsWire {
  return {
    boxes_created_total: metrics.boxesCreatedTotal,
    boxes_failed_total: metrics.boxesFailedTotal,
    boxes_stopped_total: metrics.boxesStoppedTotal,
    num_running_boxes: metrics.numRunningBoxes,
    total_commands_executed: metrics.totalCommandsExecuted,
    total_exec_errors: metrics.totalExecErrors,
    num_warm_boxes: metrics.numWarmBoxes,
    warm_failures_total: metrics.warmFailuresTotal,
    last_warm_failure: metrics.lastWarmFailure && {
      at: metrics.lastWarmFailure.at.toISOString(),
      message: metrics.lastWarmFailure.message,
    },
    num_running_executions: metrics.numRunningExecutions,
  };
}

/** A box's counters and gauges as the wire says them; a gauge that is not known is absent. */
export function boxMetricsToWire(metrics: BoxMetrics): BoxMetricsWire {
  const boot = metrics.bootTiming;
  return {
    commands_executed_total: metrics.commandsExecutedTotal,
    exec_errors_total: metrics.execErrorsTotal,
    bytes_sent_total: metrics.bytesSentTotal,
    bytes_received_total: metrics.bytesReceivedTotal,
    cpu_percent: metrics.cpuPercent,
    memory_bytes: metrics.memoryBytes,
    network_bytes_sent: metrics.networkBytesSent,
    network_bytes_received: metrics.networkBytesReceived,
    network_tcp_connections: metrics.networkTcpConnections,
    network_tcp_errors: metrics.networkTcpErrors,
    boot_timing: boot && {
      total_create_ms: whole(boot.totalCreateMs),
      guest_boot_ms: whole(boot.guestBootMs),
      filesystem_setup_ms: whole(boot.filesystemSetupMs),
      image_prepare_ms: whole(boot.imagePrepareMs),
      guest_rootfs_ms: whole(boot.guestRootfsMs),
      box_config_ms: whole(boot.boxConfigMs),
      box_spawn_ms: whole(boot.boxSpawnMs),
      container_init_ms: whole(boot.containerInitMs),
    },
  };
}

/** Clients of generation 2 read no fractions here. */
function whole(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms);
}
