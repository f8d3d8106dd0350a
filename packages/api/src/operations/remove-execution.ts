import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link removeExecution}. */
export interface RemoveExecutionOptions {
  /** Id or name. */
  readonly box: string;
  /** Its id within the box. */
  readonly execution: string;
}

/** Kills an execution if it runs, and forgets it with its output. Answers 204. */
export function removeExecution({ box, execution }: RemoveExecutionOptions): Endpoint {
  return { method: 'DELETE', path: path`/boxes/${box}/executions/${execution}` };
}
