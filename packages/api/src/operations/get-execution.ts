import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link getExecution}. */
export interface GetExecutionOptions {
  /** Id or name. */
  readonly box: string;
  /** Its id within the box. */
  readonly execution: string;
}

/** An execution's status and result. Answers 200 with an `ExecutionInfo`. */
export function getExecution({ box, execution }: GetExecutionOptions): Endpoint {
  return { method: 'GET', path: path`/boxes/${box}/executions/${execution}` };
}
