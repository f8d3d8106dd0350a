import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link attachExecution}. */
export interface AttachExecutionOptions {
  /** Id or name. */
  readonly box: string;
  /** Its id within the box. */
  readonly execution: string;
}

/** An execution's streams over a WebSocket: the GET that a client turns into an upgrade. Answers 101. */
export function attachExecution({ box, execution }: AttachExecutionOptions): Endpoint {
  return { method: 'GET', path: path`/boxes/${box}/executions/${execution}/attach` };
}
