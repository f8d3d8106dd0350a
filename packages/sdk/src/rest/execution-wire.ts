import type * as api from '@boxlite/api';
import type { ExecOptions } from '../backend/box-options.ts';
import type { ExecutionInfo } from '../backend/info.ts';
import { date, inSeconds } from './time-wire.ts';

/** An execution as the wire says it; `startedAt` is now where the server does not tell. */
export function executionInfo(info: api.ExecutionInfo): ExecutionInfo {
  return {
    id: info.execution_id,
    command: info.command ?? undefined,
    status: info.status,
    exitCode: info.exit_code ?? undefined,
    signal: info.signal ?? undefined,
    startedAt: info.started_at == null ? new Date() : date('started_at', info.started_at),
    durationMs: info.duration_ms ?? undefined,
    errorMessage: info.error_message ?? undefined,
    outputBytes:
      info.stdout_bytes == null || info.stderr_bytes == null
        ? undefined
        : { stdout: info.stdout_bytes, stderr: info.stderr_bytes },
  };
}

/** A command, in the wire's words. */
export function execRequest(options: ExecOptions): api.ExecRequest {
  return {
    command: options.command,
    args: options.args,
    env: options.env,
    timeout_seconds: inSeconds(options.timeoutMs),
    working_dir: options.workingDir,
    user: options.user,
    tty: options.tty ?? false,
    cols: options.size?.cols,
    rows: options.size?.rows,
    output: options.output && { policy: options.output.policy, limit_bytes: options.output.limitBytes },
  };
}
