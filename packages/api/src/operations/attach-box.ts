import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link attachBox}. */
export interface AttachBoxOptions {
  /** Id or name. */
  readonly box: string;
}

/** The main command's streams over a WebSocket, also before it is started. Answers 101 with `x-boxlite-execution-id`. */
export function attachBox({ box }: AttachBoxOptions): Endpoint {
  return { method: 'GET', path: path`/boxes/${box}/attach` };
}
