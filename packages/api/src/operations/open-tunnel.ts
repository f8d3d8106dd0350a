import { type Endpoint, path } from '@boxlite/rest';
import type { OpenTunnelQuery } from '../schemas/query.ts';

/** Parameters of {@link openTunnel}. */
export interface OpenTunnelOptions extends OpenTunnelQuery {
  /** Id or name. */
  readonly box: string;
}

/** A ticket for one connection to a port of a box. Answers 200 with an `OpenTunnelResponse`. */
export function openTunnel({ box, port }: OpenTunnelOptions): Endpoint {
  return { method: 'POST', path: path`/boxes/${box}/network/tunnel`, params: { port } };
}
