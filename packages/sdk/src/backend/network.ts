/** Who a box may talk to, more finely than by a word. */
export interface NetworkOptions {
  /**
   * The only places that the box may connect to: `example.com`, `*.example.com`, `192.0.2.7` or `192.0.2.0/24`, each
   * with `:port` if only that port is meant. Empty: nowhere. @default every public address
   */
  readonly allow?: readonly string[];
  /** When false, nothing connects into the box: no published ports, no tunnels. @default true */
  readonly inbound?: boolean;
}

/** A port of a box as it is published. */
export interface PublishedPort {
  /** The port in the box. */
  readonly guestPort: number;
  /** The port of the host, as it was given or chosen. */
  readonly hostPort: number;
  /** What is spoken. */
  readonly protocol: 'tcp' | 'udp';
  /** The address of the host that it is published on. */
  readonly hostIp: string;
}

/** The network of a box as it was when asked. */
export interface NetworkInfo {
  /** `isolated`: out by `allow`, in by `ports` and tunnels. `none`: loopback only. */
  readonly mode: 'isolated' | 'none';
  /** Undefined: every public address. */
  readonly allow: readonly string[] | undefined;
  /** Whether anything may connect into the box. */
  readonly inbound: boolean;
  /** Empty while the box does not run. */
  readonly ports: readonly PublishedPort[];
}

/** Something that a box's network refused. */
export interface NetworkEvent {
  /** Counts up from 1 in each run of the box. */
  readonly sequence: number;
  /** When it last happened. */
  readonly at: Date;
  /** What happened: something was refused. */
  readonly kind: 'refused';
  /** What the box spoke. */
  readonly protocol: 'tcp' | 'udp' | 'dns' | 'icmp';
  /** Where the box wanted to go, where it is known. */
  readonly address: string | undefined;
  /** The port it wanted to go to, where there is one. */
  readonly port: number | undefined;
  /** The name that the box asked for, where it is known. */
  readonly name: string | undefined;
  /** The rule that refused it. */
  readonly reason: string;
  /** What would let it through. */
  readonly remedy: string;
  /** How often the same was refused. */
  readonly count: number;
}

/** Bytes in both directions. Each direction ends by itself: closing `writable` leaves `readable` open. */
export interface ByteConnection {
  /** What comes. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What goes; closing it says that nothing more comes. */
  readonly writable: WritableStream<Uint8Array>;
  /** Ends both directions at once; what is under way may be lost. Twice is fine. */
  close(): Promise<void>;
}
