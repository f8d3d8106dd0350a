import { type Endpoint, json, path } from '@boxlite/rest';
import type { SignalRequest } from '../schemas/exec-request.ts';

/** Parameters of {@link signalExecution}. */
export interface SignalExecutionOptions {
  /** Id or name. */
  readonly box: string;
  /** Its id within the box. */
  readonly execution: string;
  /** The request's body. */
  readonly body: SignalRequest;
}

/** Sends a signal to an execution. Answers 204; 409 once it has ended. */
export function signalExecution({ box, execution, body }: SignalExecutionOptions): Endpoint {
  return { method: 'POST', path: path`/boxes/${box}/executions/${execution}/signal`, body: json(body) };
}
