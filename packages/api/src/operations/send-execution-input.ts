import { type Endpoint, path, stream } from '@boxlite/rest';

/** Parameters of {@link sendExecutionInput}. */
export interface SendExecutionInputOptions {
  /** Id or name. */
  readonly box: string;
  /** Its id within the box. */
  readonly execution: string;
  /** May be empty, to close and send nothing. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** Closes stdin after these bytes. @default false */
  readonly close?: boolean | undefined;
}

/** Writes bytes to stdin. Answers 204 once they are taken; 409 once stdin is closed or the execution has ended. */
export function sendExecutionInput({ box, execution, data, close }: SendExecutionInputOptions): Endpoint {
  return {
    method: 'POST',
    path: path`/boxes/${box}/executions/${execution}/input`,
    body: stream('application/octet-stream', () => data, { replayable: true }),
    ...(close && { headers: { 'x-close-stdin': 'true' } }),
  };
}
