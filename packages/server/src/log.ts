/** One line of the server's log. Never holds a secret, a query or a body. */
export interface LogEntry {
  /** `debug` for what monitors ask all the time. */
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** What happened, in words. */
  readonly message: string;
  /** Absent where it is about no request. */
  readonly requestId?: string;
  /** The operation of the contract, or `health`, `ready`, `metrics`, `docs`; absent where a request is none of them. */
  readonly operation?: string;
  /** The HTTP method of the request. */
  readonly method?: string;
  /** Without the query, at most 512 characters. */
  readonly path?: string;
  /** The HTTP status of the answer. */
  readonly status?: number;
  /** How long the answer took, in milliseconds. */
  readonly durationMs?: number;
  /** Who asked, once known. */
  readonly principal?: string;
  /** Only for faults of the server: the error with its stack. */
  readonly error?: unknown;
}

/** Takes the log. */
export type Log = (entry: LogEntry) => void;
