import { amount, counter, string } from './answer.ts';
import { maybe, object, type Schema } from './schema.ts';

/** Counts since the server started. */
export interface RuntimeMetrics {
  readonly boxes_created_total: number;
  readonly boxes_failed_total: number;
  readonly boxes_stopped_total: number;
  readonly num_running_boxes: number;
  readonly total_commands_executed: number;
  readonly total_exec_errors: number;
  readonly num_warm_boxes: number;
  readonly warm_failures_total: number;
  readonly last_warm_failure?: { readonly at: string; readonly message: string } | null | undefined;
  readonly num_running_executions: number;
}

/** Reads a runtime's metrics; a counter that is missing is 0. */
export const runtimeMetrics: Schema<RuntimeMetrics> = object({
  boxes_created_total: counter,
  boxes_failed_total: counter,
  boxes_stopped_total: counter,
  num_running_boxes: counter,
  total_commands_executed: counter,
  total_exec_errors: counter,
  num_warm_boxes: counter,
  warm_failures_total: counter,
  last_warm_failure: maybe(object({ at: string, message: string })),
  num_running_executions: counter,
});

/** How long each step of making and starting a box took, in milliseconds. */
export interface BootTiming {
  readonly total_create_ms?: number | null | undefined;
  readonly guest_boot_ms?: number | null | undefined;
  readonly filesystem_setup_ms?: number | null | undefined;
  readonly image_prepare_ms?: number | null | undefined;
  readonly guest_rootfs_ms?: number | null | undefined;
  readonly box_config_ms?: number | null | undefined;
  readonly box_spawn_ms?: number | null | undefined;
  readonly container_init_ms?: number | null | undefined;
}

const gauge = (): ReturnType<typeof maybe<number>> => maybe(amount);

/** Reads a boot's timing. */
export const bootTiming: Schema<BootTiming> = object({
  total_create_ms: gauge(),
  guest_boot_ms: gauge(),
  filesystem_setup_ms: gauge(),
  image_prepare_ms: gauge(),
  guest_rootfs_ms: gauge(),
  box_config_ms: gauge(),
  box_spawn_ms: gauge(),
  container_init_ms: gauge(),
});

/** One box's counters, and its gauges while it runs. */
export interface BoxMetrics {
  readonly commands_executed_total: number;
  readonly exec_errors_total: number;
  /** Bytes that went into the box: stdin and files. */
  readonly bytes_sent_total: number;
  /** Bytes that came out of the box: output and files. */
  readonly bytes_received_total: number;
  /** 100 is one whole processor. */
  readonly cpu_percent?: number | null | undefined;
  readonly memory_bytes?: number | null | undefined;
  readonly network_bytes_sent?: number | null | undefined;
  readonly network_bytes_received?: number | null | undefined;
  readonly network_tcp_connections?: number | null | undefined;
  readonly network_tcp_errors?: number | null | undefined;
  readonly boot_timing?: BootTiming | null | undefined;
}

/** Reads a box's metrics; a counter that is missing is 0. */
export const boxMetrics: Schema<BoxMetrics> = object({
  commands_executed_total: counter,
  exec_errors_total: counter,
  bytes_sent_total: counter,
  bytes_received_total: counter,
  cpu_percent: gauge(),
  memory_bytes: gauge(),
  network_bytes_sent: gauge(),
  network_bytes_received: gauge(),
  network_tcp_connections: gauge(),
  network_tcp_errors: gauge(),
  boot_timing: maybe(bootTiming),
});
