import type { ExecutionInfo as ExecutionWire, ExitEvent } from '@boxlite/api';
import type { ExecutionInfo } from 'boxlite/backend';

/** An execution as the wire says it. */
export function executionToWire(info: ExecutionInfo): ExecutionWire {
  return {
    execution_id: info.id,
    command: info.command ?? null,
    status: info.status,
    exit_code: info.exitCode ?? null,
    signal: info.signal ?? null,
    started_at: info.startedAt.toISOString(),
    duration_ms: info.durationMs ?? null,
    error_message: info.errorMessage ?? null,
    stdout_bytes: info.outputBytes?.stdout ?? null,
    stderr_bytes: info.outputBytes?.stderr ?? null,
  };
}

/** The data of the `exit` event. */
export function exitEvent(info: ExecutionInfo): ExitEvent {
  return {
    exit_code: info.exitCode ?? null,
    duration_ms: info.durationMs ?? 0,
    ...(info.signal !== undefined && { signal: info.signal }),
    ...(info.status === 'timed_out' && { timed_out: true }),
    ...(info.errorMessage !== undefined && { error: info.errorMessage }),
  };
}
