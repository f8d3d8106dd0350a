/** What one connection may take of a server. */
export interface ConnectionLimits {
  /** Connections at a time; what comes beyond is closed at once. @default 4096 */
  readonly maxConnections: number;
  /** Most bytes of a request's head; 431 above. @default 16_384 */
  readonly maxHeaderBytes: number;
  /** How long the head of a request, or a TLS handshake, may take; 408 after it. @default 30_000 */
  readonly headTimeoutMs: number;
  /** How long a connection may wait for its next request. Clients must give up sooner. @default 100_000 */
  readonly idleTimeoutMs: number;
  /** How long a client may take nothing of an answer that is there for it; then it is cut. @default 300_000 */
  readonly stallTimeoutMs: number;
  /**
   * How often a client that asks for it (`Prefer: processing`) is told that its answer is still being made, by a 102. Sooner than
   * the 300 s of Node's fetch, and seldom: before Go 1.24, proxies in Go give up at the sixth. @default 240_000
   */
  readonly processingMs: number;
}

/** What holds unless it is told otherwise. */
export const defaultLimits: ConnectionLimits = {
  maxConnections: 4096,
  maxHeaderBytes: 16_384,
  headTimeoutMs: 30_000,
  idleTimeoutMs: 100_000,
  stallTimeoutMs: 300_000,
  processingMs: 240_000,
};
