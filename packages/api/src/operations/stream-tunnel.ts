import { type Endpoint, path } from '@boxlite/rest';
import type { StreamTunnelQuery } from '../schemas/query.ts';

/** Parameters of {@link streamTunnel}. */
export interface StreamTunnelOptions extends StreamTunnelQuery {
  /** Id or name. */
  readonly box: string;
}

/** The bytes of a tunnel over a WebSocket: the GET that a client turns into an upgrade. Answers 101. */
export function streamTunnel({ box, port, ticket }: StreamTunnelOptions): Endpoint {
  return { method: 'GET', path: path`/boxes/${box}/network/tunnel/stream`, params: { port, ticket } };
}
