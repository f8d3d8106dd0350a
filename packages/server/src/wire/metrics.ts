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
      total_create_ms: boot.totalCreateMs,
      guest_boot_ms: boot.guestBootMs,
      filesystem_setup_ms: boot.filesystemSetupMs,
      image_prepare_ms: boot.imagePrepareMs,
      guest_rootfs_ms: boot.guestRootfsMs,
      box_config_ms: boot.boxConfigMs,
      box_spawn_ms: boot.boxSpawnMs,
      container_init_ms: boot.containerInitMs,
    },
  };
}
