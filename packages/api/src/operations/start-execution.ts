import { type Endpoint, json, path } from '@boxlite/rest';
import type { ExecRequest } from '../schemas/exec-request.ts';

/** Parameters of {@link startExecution}. */
export interface StartExecutionOptions {
  /** Id or name. */
  readonly box: string;
  /** The request's body. */
  readonly body: ExecRequest;
  /**
   * Asks for the events of `streamExecutionOutput`, of the execution that `Location` names, as the answer. A server that knows
   * nothing of this answers as without it, and leaves stdin open whatever `closeStdin` says. @default false
   */
  readonly output?: boolean | undefined;
  /** Takes the bytes of the output as they come, as in `streamExecutionOutput`. @default false */
  readonly bytes?: boolean | undefined;
  /** Closes stdin once the command has started. @default false */
  readonly closeStdin?: boolean | undefined;
}

/** Starts a command, and the box if need be. Answers 201 with an `ExecResponse`, or with its output where asked. */
export function startExecution({ box, body, output, bytes, closeStdin }: StartExecutionOptions): Endpoint {
  const headers = {
    ...(output && { accept: 'text/event-stream, application/json' }),
    ...(bytes && { 'x-boxlite-output': 'bytes' }),
    ...(closeStdin && { 'x-close-stdin': 'true' }),
  };
  return { method: 'POST', path: path`/boxes/${box}/exec`, body: json(body), headers };
}
