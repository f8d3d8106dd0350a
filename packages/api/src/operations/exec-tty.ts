import { type Endpoint, path } from '@boxlite/rest';
import type { ExecTtyQuery } from '../schemas/query.ts';

/** Parameters of {@link execTty}. */
export interface ExecTtyOptions extends ExecTtyQuery {
  /** Id or name. */
  readonly box: string;
}

/** A command on a terminal over a WebSocket: the GET that a client turns into an upgrade. Answers 101. */
export function execTty({ box, command, args, cols, rows }: ExecTtyOptions): Endpoint {
  return { method: 'GET', path: path`/boxes/${box}/exec/tty`, params: { command, args, cols, rows } };
}
