import { type Endpoint, json, path } from '@boxlite/rest';
import type { ResizeRequest } from '../schemas/exec-request.ts';

/** Parameters of {@link resizeExecution}. */
export interface ResizeExecutionOptions {
  /** Id or name. */
  readonly box: string;
  /** Its id within the box. */
  readonly execution: string;
  /** The request's body. */
  readonly body: ResizeRequest;
}

/** Resizes an execution's terminal. Answers 204; 409 once it has ended, or when it has no terminal. */
export function resizeExecution({ box, execution, body }: ResizeExecutionOptions): Endpoint {
  return { method: 'POST', path: path`/boxes/${box}/executions/${execution}/resize`, body: json(body) };
}
