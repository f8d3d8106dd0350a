import {
  type ExitEvent,
  executionInfo as executionInfoSchema,
  getExecution,
  removeExecution,
  resizeExecution,
  sendExecutionInput,
  signalExecution,
} from '@boxlite/api/executions';
import { pause, query } from '@boxlite/rest';
import type { CallOptions, ExecutionBackend, OutputCursor } from '../backend/backend.ts';
import type { ExecutionInfo } from '../backend/info.ts';
import { NetworkError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { executionInfo } from './execution-wire.ts';
import { beyondTheEnd, readOutput } from './output.ts';

/**
 * An execution on a server. `startedAt` serves where the server's exit does not tell when it began. `ran` is the answer
 * that started it without input and has its output, from the first byte on.
 */
export function restExecution(
  connection: Connection,
  box: string,
  id: string,
  startedAt: Date,
  ran?: Response,
): ExecutionBackend {
  let answer = ran;
  let ended: ExecutionInfo | undefined;
  let exit: ExitEvent | undefined;
  let taken: OutputCursor = { stdout: 0, stderr: 0 };

  const info = async (call?: CallOptions): Promise<ExecutionInfo> => {
    const told = await connection.send(query(getExecution({ box, execution: id }), executionInfoSchema), call);
    const result = executionInfo(told);
    if (result.status !== 'running') ended = result;
    return result;
  };
  const output: ExecutionBackend['output'] = ({ from, signal } = {}) => {
    const begun = from === undefined ? answer : undefined;
    if (begun) answer = undefined;
    return readOutput(connection, { box, execution: id, from, signal, begun, onExit: (event) => (exit ??= event) });
  };
  // An empty write that closes is how this protocol says end of input.
  const input = (data: Uint8Array, close: boolean, call?: CallOptions): Promise<void> =>
    connection.ignore(sendExecutionInput({ box, execution: id, data: new Uint8Array(data), close }), call);

  return {
    id,
    info,
    output,
    async wait(call = {}) {
      for (let lostMs = 250; ; lostMs = Math.min(lostMs * 2, 5_000)) {
        if (ended !== undefined) return ended;
        if (exit !== undefined) {
          const known = fromExit(id, exit, startedAt);
          if (known === undefined) return info(call);
          ended = known;
          return known;
        }
        try {
          // One request whether it has ended or not: the stream brings the exit at once, or when it comes.
          for await (const _ of output({ from: beyondTheEnd, signal: call.signal }));
        } catch (error) {
          // The output may be lost where the exit is not: ask, and keep waiting while it runs.
          if (!(error instanceof NetworkError)) throw error;
          if ((await info(call)).status === 'running') await pause(lostMs, call.signal);
        }
      }
    },
    write: (data, call) => (data.length === 0 ? Promise.resolve() : input(data, false, call)),
    closeStdin: (call) => (ran ? Promise.resolve() : input(new Uint8Array(0), true, call)),
    stdinOffset: () => undefined,
    signal: (signal, call) => connection.ignore(signalExecution({ box, execution: id, body: { signal } }), call),
    resize: ({ cols, rows }, call) =>
      connection.ignore(resizeExecution({ box, execution: id, body: { cols, rows } }), call),
    // A server keeps for such readers what it has to keep.
    taken: () => taken,
    take(cursor) {
      taken = cursor;
    },
    remove: (call) => connection.ignore(removeExecution({ box, execution: id }), call),
  };
}

/** What an exit event tells; undefined where a server tells too little to know why a command failed. */
function fromExit(id: string, exit: ExitEvent, startedAt: Date): ExecutionInfo | undefined {
  const complete = exit.timed_out !== undefined || exit.signal !== undefined;
  if (exit.exit_code == null || (exit.exit_code !== 0 && !complete)) return undefined;
  return {
    id,
    status: exit.timed_out ? 'timed_out' : exit.signal ? 'killed' : 'completed',
    exitCode: exit.exit_code,
    signal: exit.signal ?? undefined,
    startedAt,
    durationMs: exit.duration_ms ?? undefined,
    errorMessage: exit.error ?? undefined,
  };
}
