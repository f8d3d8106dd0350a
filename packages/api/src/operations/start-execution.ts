import { type Endpoint, json, path } from '@boxlite/rest';
import type { ExecRequest } from '../schemas/exec-request.ts';

/** Parameters of {@link startExecution}. */
export interface StartExecutionOptions {
  /** Id or name. */
  readonly box: string;
  /** The request's body. */
  readonly body: ExecRequest;
}

/** Starts a command, and the box if need be. Answers 201 with an `ExecResponse`. */
export function startExecution({ box, body }: StartExecutionOptions): Endpoint {
  return { method: 'POST', path: path`/boxes/${box}/exec`, body: json(body) };
}
