import { checkWhole, refuse } from './argument.ts';
import type { BoxBackend, CallOptions, NetworkEventsOptions } from './backend/backend.ts';
import type { ByteConnection, NetworkEvent } from './backend/network.ts';
import type { Forward, ForwardOptions } from './host/forward.ts';
import { loaded } from './loaded.ts';

/** A way to one TCP port of a box. Nothing is opened before the first call. */
export interface Tunnel {
  /** The port in the box. */
  readonly port: number;
  /** One connection to the port; the box is started if need be. `NetworkError` when nothing listens there. */
  connect(call?: CallOptions): Promise<ByteConnection>;
  /** A TCP port of this host that leads to it, each connection by itself. `UnsupportedError` in browsers. */
  forward(options?: ForwardOptions): Promise<Forward>;
}

/** The network of a box. */
export interface BoxNetwork {
  /** What the network of the running box refused, oldest first; `after` leaves out all up to that sequence. */
  events(options?: NetworkEventsOptions & CallOptions): Promise<readonly NetworkEvent[]>;
  /** A way to a TCP port that a program in the box listens on, on its loopback or on every address. */
  tunnel(port: number): Tunnel;
}

/** The network of the box behind a backend. */
export function boxNetwork(backend: BoxBackend): BoxNetwork {
  return {
    async events({ after, signal } = {}) {
      checkWhole('after', after, 0);
      return backend.networkEvents(after === undefined ? {} : { after }, { signal });
    },
    tunnel(port) {
      if (port === undefined) refuse('port', 'a whole number from 1 to 65535', port);
      checkWhole('port', port, 1, 65535);
      const connect = (call: CallOptions = {}): Promise<ByteConnection> => backend.connect(port, call);
      return {
        port,
        connect,
        async forward(options = {}) {
          checkWhole('port', options.port, 0, 65535);
          const { forward } = await loaded(() => import('./host/forward.ts'));
          return forward(connect, options);
        },
      };
    },
  };
}
