/** One line of the server's log. Never holds a secret, a query or a body. */
export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly requestId: string;
  readonly method?: string;
  readonly path?: string;
  readonly status?: number;
  readonly durationMs?: number;
  /** Who asked, once known. */
  readonly principal?: string;
  /** Only for faults of the server: the error with its stack. */
  readonly error?: unknown;
}

/** Takes the log. */
export type Log = (entry: LogEntry) => void;
