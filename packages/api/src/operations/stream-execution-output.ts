import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link streamExecutionOutput}. */
export interface StreamExecutionOutputOptions {
  /** Id or name. */
  readonly box: string;
  /** Its id within the box. */
  readonly execution: string;
  /** Goes on after this event: `<stdoutOffset>.<stderrOffset>`, the bytes of each stream already had. @default from the beginning */
  readonly lastEventId?: string | undefined;
  /** Takes the bytes as they come; otherwise the server never splits a character over two events. @default false */
  readonly bytes?: boolean | undefined;
}

/** The output from its beginning, then the exit, as Server-Sent Events; see `outputEvent` and `exitEvent`. Answers 200. */
export function streamExecutionOutput({ box, execution, lastEventId, bytes }: StreamExecutionOutputOptions): Endpoint {
  return {
    method: 'GET',
    path: path`/boxes/${box}/executions/${execution}/output`,
    headers: {
      accept: 'text/event-stream',
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      ...(bytes && { 'x-boxlite-output': 'bytes' }),
    },
  };
}
