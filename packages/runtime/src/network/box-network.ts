import type { Duplex } from 'node:stream';
import type { NetworkEvent, PortOptions } from 'boxlite/backend';

/** A port of the box that listens on the host. */
export interface PublishedPort {
  readonly guestPort: number;
  readonly hostPort: number;
  readonly hostIp: string;
  readonly protocol: 'tcp' | 'udp';
}

/** Where the network of one box keeps what it needs: a socket and a note, `network.sock` and `network.json`. */
export interface BoxNetworkPlace {
  readonly id: string;
  /** The box's own folder, absolute. */
  readonly folder: string;
}

export interface BoxNetworkOptions extends BoxNetworkPlace {
  /** The network ends with the runtime; otherwise it goes on, and the next runtime adopts it. */
  readonly attached: boolean;
  /** Rules as `parseRule` takes them; undefined: everything public. */
  readonly allow: readonly string[] | undefined;
  readonly ports: readonly PortOptions[];
  /** The box has a network stack of its own, which takes eth0 of the namespace: its address, its routes and its packets. @default false */
  readonly ownStack?: boolean;
  /** Names the resolvers to ask; read anew when it changes. @default '/etc/resolv.conf' */
  readonly resolvConf?: string;
}

/** Counted since the network was opened, published ports and dialled streams included, DNS not. */
export interface NetworkUsage {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly connectionsTotal: number;
  readonly connectionsOpen: number;
  readonly connectionsRefused: number;
  readonly connectionsFailed: number;
  /** Since a dialled stream or a published port was last in use, or since the network was opened; 0 while one is. */
  readonly inwardIdleMs: number;
}

/** The network of a box that has no namespace yet. */
export interface PreparedNetwork {
  /**
   * Opens it in `/proc/PID/ns/net` of a box that has its own. One that an engine made belongs to the box's user namespace,
   * which then may mount /sys; one made by `openBoxNetwork` belongs to the runtime's. `EngineError`, and then it is gone.
   */
  join(namespacePath: string): Promise<BoxNetwork>;
  /** Ends what was prepared, instead of `join`. */
  close(): Promise<void>;
}

/** A byte stream into a box. */
export interface DialledStream extends Duplex {
  /** To be asked once it has ended, which a break looks like too. `NetworkError` when the connection or its network broke. */
  assertWhole(): Promise<void>;
}

/** The network of one box: a namespace without any link to the host, and the process that carries what its policy allows. */
export interface BoxNetwork {
  /** What the engine joins; valid until `close`. */
  readonly namespacePath: string;
  /** The address of the resolver, for the box's /etc/resolv.conf. */
  readonly resolver: string;
  readonly ports: readonly PublishedPort[];
  /** Settles when the process has ended, whoever ended it. */
  readonly closed: Promise<void>;
  usage(): Promise<NetworkUsage>;
  /** The newest 256 refusals, oldest first, with a sequence greater than `after`. @default 0 */
  events(after?: number): Promise<readonly NetworkEvent[]>;
  /** A byte stream to a TCP port in the box. `NetworkError` where nothing listens there. */
  dial(port: number, signal?: AbortSignal): Promise<DialledStream>;
  /** Leaves the process, which goes on unless it is attached, to whoever adopts it. Twice is fine. */
  letGo(): Promise<void>;
  /** Ends the process, and with it the namespace once the box is gone. Twice is fine. */
  close(): Promise<void>;
}
